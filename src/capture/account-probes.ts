// Finds accounts that are tried without credentials: our answer says that nobody has this name, or our challenge is
// left lying. A caller of a wrong number is neither. Our answers tell it all, so no request has to be remembered.
import { LRUCache } from 'lru-cache';
import type { Address } from '../model/address.ts';
import type { AccountProbed } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import type { Emit, Seen } from './sip-exchange.ts';

const challengeLimit = 16_384;
/** Methods whose 403, 404 or 604 speaks of the account, not of a number that was dialled. */
const accountMethods = /^(REGISTER|OPTIONS|SUBSCRIBE)$/;

/** An answer of ours to a request without credentials, as it speaks of the one who asked. */
export interface Refusal {
  readonly seen: Seen;
  readonly account: string;
  readonly method: string;
  readonly status: number;
}

interface Challenge {
  probe: AccountProbed;
  readonly due: Time;
}

export interface AccountProbes {
  /** A challenge is a probe unless it is settled within `answerWithinMs`. */
  refuse(refusal: Refusal, answerWithinMs: number): void;
  /** The source came with credentials for this account, right or wrong: that is judged elsewhere. */
  settle(source: Address, account: string): void;
  advance(time: Time): void;
  nextDeadline(): Time | undefined;
}

export function createAccountProbes(emit: Emit, count: (reason: string) => void): AccountProbes {
  /** In the order in which they were made, which is that in which they fall due. */
  const challenges = new LRUCache<string, Challenge>({
    max: challengeLimit,
    dispose: (_challenge, _key, reason) => {
      if (reason === 'evict') count('forgotten: open challenges');
    },
  });
  /** Never later than the first deadline. */
  let earliest = Number.POSITIVE_INFINITY;

  function challenge({ seen, account }: Refusal, due: Time): void {
    const key = `${seen.source.address} ${account}`;
    const known = challenges.peek(key);
    const probe = { ...seen, kind: 'account-probed', account, because: 'unanswered-challenge' } as const;
    // The first challenge keeps its deadline, or whoever repeats himself in time would never be late.
    if (known) known.probe = joinProbes(known.probe, probe);
    else {
      challenges.set(key, { probe, due });
      earliest = Math.min(earliest, due);
    }
  }

  return {
    refuse(refusal, answerWithinMs) {
      const { seen, account, method, status } = refusal;
      if (status === 401 || status === 407) return challenge(refusal, seen.time + answerWithinMs);
      if ((status === 404 || status === 403 || status === 604) && accountMethods.test(method))
        emit({ ...seen, kind: 'account-probed', account, because: 'unknown-account' });
    },
    settle(source, account) {
      if (challenges.size > 0) challenges.delete(`${source} ${account}`);
    },
    advance(time) {
      if (time < earliest) return;
      earliest = Number.POSITIVE_INFINITY;
      const overdue: string[] = [];
      for (const key of challenges.rkeys()) {
        const { due } = challenges.peek(key)!;
        if (due > time) {
          earliest = due;
          break;
        }
        overdue.push(key);
      }
      for (const key of overdue) {
        emit(challenges.peek(key)!.probe);
        challenges.delete(key);
      }
    },
    nextDeadline: () => (earliest === Number.POSITIVE_INFINITY ? undefined : earliest),
  };
}

/** What is proven does not stand for what is only asserted. */
function joinProbes(first: AccountProbed, later: AccountProbed): AccountProbed {
  if (first.proof.level !== later.proof.level) return first.proof.level === 'proven' ? first : later;
  return { ...first, messages: first.messages + later.messages };
}
