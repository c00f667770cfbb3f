// Joins requests with credentials to our answers: a 401, 403 or 407 is a failed guess, a 2xx a right one. What a
// request proves about its source was judged when it came.
import { LRUCache } from 'lru-cache';
import { type AuthenticationFailed, asserted, type Observation } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import type { Emit, Seen } from './sip-exchange.ts';

const exchangeLimit = 8_192;
/** Guesses under one Call-ID and CSeq that may be under way at once; svcrack sends all of a run under one. */
const openLimit = 16;

export interface LoginAttempt {
  readonly seen: Seen;
  /** The user of its From, as our answer repeats it. */
  readonly caller: string;
  readonly account: string;
  readonly method: string;
  readonly nonce: string;
  readonly nonceNeverIssued: boolean;
  readonly userAgent: string;
  /** Equal for retransmissions only. */
  readonly fingerprint: string;
}

interface Exchange {
  readonly open: LoginAttempt[];
  lastJudged?: LoginAttempt;
}

export interface LoginAnswer {
  readonly status: number;
  readonly caller: string;
  /** It says that the digest was right and the nonce was not. */
  readonly isStale: boolean;
  /** With a 2xx to a REGISTER. */
  readonly registeredUntil?: Time;
}

export interface LoginAttempts {
  request(key: string, attempt: LoginAttempt): void;
  /** False where it answers no credentials that we saw, now or (sent again) just before. */
  answer(key: string, answer: LoginAnswer): boolean;
}

export function createLoginAttempts(emit: Emit, count: (reason: string) => void): LoginAttempts {
  const exchanges = new LRUCache<string, Exchange>({
    max: exchangeLimit,
    dispose: ({ open }, _key, reason) => {
      if (reason === 'evict' && open.length > 0) count('forgotten: unanswered credentials');
    },
  });
  const begin = (key: string): Exchange => {
    const exchange: Exchange = { open: [] };
    exchanges.set(key, exchange);
    return exchange;
  };
  return {
    request(key, attempt) {
      const exchange = exchanges.get(key) ?? begin(key);
      if (isRetransmission(exchange, attempt)) return;
      exchange.open.push(attempt);
      if (exchange.open.length > openLimit) {
        exchange.open.shift();
        count('forgotten: unanswered credentials');
      }
    },
    answer(key, answer) {
      const exchange = exchanges.get(key);
      const attempt = exchange?.open.shift();
      if (!exchange || !attempt) return exchange?.lastJudged?.caller === answer.caller;
      exchange.lastJudged = attempt;
      const verdict = judge(attempt, answer);
      if (verdict) emit(verdict);
      return true;
    },
  };
}

function judge(attempt: LoginAttempt, answer: LoginAnswer): Observation | undefined {
  const { status, isStale, registeredUntil } = answer;
  if (status < 300) {
    const { seen, account, method, nonce } = attempt;
    const success = { ...seen, kind: 'authentication-succeeded', account, method, nonce } as const;
    return registeredUntil === undefined ? success : { ...success, registeredUntil };
  }
  // PJSIP says 403 after a right password too (one contact too many, a contact ACL), chan_sip after a wrong one: it is
  // evidence, and must not prove anything by itself.
  if (status === 403) return refused(attempt);
  const isRefused = status === 401 || status === 407;
  // A nonce of ours that is too old to be taken, with the right digest: a phone, not a guess.
  return isRefused && !(isStale && !attempt.nonceNeverIssued) ? failed(attempt) : undefined;
}

function isRetransmission({ open, lastJudged }: Exchange, { fingerprint }: LoginAttempt): boolean {
  return fingerprint === lastJudged?.fingerprint || open.some((each) => each.fingerprint === fingerprint);
}

function refused(attempt: LoginAttempt): Observation {
  const { proof } = attempt.seen;
  return { ...failed(attempt), proof: asserted, ...(proof.level === 'proven' && { proofIfWrong: proof }) };
}

function failed({ seen, account, nonce, nonceNeverIssued, userAgent }: LoginAttempt): AuthenticationFailed {
  return {
    ...seen,
    kind: 'authentication-failed',
    account,
    nonce,
    ...(nonceNeverIssued && { nonceNeverIssued }),
    ...(userAgent !== '' && { userAgent }),
  };
}
