// Carries out what persons order: every order is in the kernel and on the disk when it is answered.
import type { Operations, Order, Status } from './control/operations.ts';
import type { AddressList } from './decide/address-list.ts';
import { entryOf } from './effects.ts';
import type { Reconciler } from './enforce/reconciler.ts';
import { contains, type Network, overlaps } from './model/address.ts';
import type { Decision, Untouchable } from './model/decision.ts';
import { SipwardenError } from './model/error.ts';
import type { ListEntry, ListName } from './model/list-entry.ts';
import { isoTime, type Time } from './model/time.ts';
import type { Pipeline } from './pipeline.ts';
import type { Store } from './store/store.ts';

export interface OrdersParts {
  readonly pipeline: Pipeline;
  readonly store: Store;
  readonly reconciler: () => Reconciler;
  readonly lists: Readonly<Record<ListName, AddressList>>;
  readonly banTimeMs: () => number;
  readonly now: () => Time;
  readonly status: () => Promise<Status>;
  readonly reload: Operations['reload'];
  /** Puts what was reported last on the disk, so that a listing shows it. */
  readonly flush: () => Promise<void>;
}

export function createOrders(parts: OrdersParts): Operations {
  const { pipeline, store, reconciler, lists, banTimeMs, now, status, reload, flush } = parts;

  const inForceWithin = (target: Network): readonly Decision[] =>
    pipeline.inForce(now()).filter((decision) => contains(target, decision.target));

  const unban = async (target: Network, by: string): Promise<boolean> => {
    const decisions = inForceWithin(target);
    await Promise.all(decisions.map((decision) => pipeline.unban(decision.target, by)));
    return decisions.length > 0;
  };

  return {
    status,
    reload,
    async bans() {
      return pipeline.inForce(now());
    },
    async ban({ target, forMs = banTimeMs(), note, by, force }: Order<'ban'>) {
      const time = now();
      const answer = pipeline.ban({ target, time, until: time + forMs, by, note, force });
      if ('refused' in answer) throw refusal(target, answer.refused);
      await answer.done;
      return answer.decision;
    },
    async unban({ target, by }) {
      const wasInForce = await unban(target, by);
      if (!wasInForce) await pipeline.unban(target, by);
      return { target, wasInForce };
    },
    async list(name) {
      return lists[name].entries();
    },
    async listAdd(name, { target, note, by }) {
      if (name === 'deny') {
        const untouchable = pipeline.protection.protectedFromForgery(target, now());
        if (untouchable) throw refusal(target, untouchable);
      }
      const entry: ListEntry = { target, note, author: by, time: now() };
      await reconciler().set({ set: name, target });
      lists[name].add(entry);
      await store.saveListEntry(name, entry);
      if (name === 'allow') await unban(target, by);
      return entry;
    },
    async listRemove(name, { target }) {
      const wasThere = lists[name].remove(target);
      await reconciler().unset({ set: name, target });
      await store.removeListEntry(name, target);
      return { target, wasThere };
    },
    async attacks({ source, limit }) {
      await flush();
      return store.attacks({ limit, ...(source !== undefined && { source }) });
    },
    async explain({ target }) {
      await flush();
      const time = now();
      const inForce = pipeline.inForce(time).filter((decision) => overlaps(decision.target, target));
      const history = await store.decisionsOf(target);
      const sources = new Set([target, ...inForce.map((decision) => decision.target)]);
      const attacks = await Promise.all([...sources].map((source) => store.attacks({ source, limit: 100 })));
      const listed = (['allow', 'deny'] as const).flatMap((list) => {
        const entry = lists[list].match(target);
        return entry ? [{ ...entry, list }] : [];
      });
      const shield = pipeline.shield.entries(time).filter(({ address }) => overlaps(address, target));
      const untouchable = pipeline.protection.protectedFromForgery(target, time);
      const verdict = verdictOf(target, inForce, listed, untouchable);
      return { target, verdict, inForce, history, attacks: attacks.flat(), lists: listed, shield };
    },
  };
}

/** What the kernel has to hold, from what the store remembers. */
export function desiredEntries(parts: {
  readonly decisions: readonly Decision[];
  readonly lists: Readonly<Record<ListName, AddressList>>;
  readonly shield: readonly { address: Network; until: Time }[];
  readonly isEnforcing: boolean;
}) {
  const { decisions, lists, shield, isEnforcing } = parts;
  const blocking = decisions.filter(
    ({ enforced, cause }) => enforced && (isEnforcing || cause.kind === 'manual'),
  );
  return [
    ...(['allow', 'deny'] as const).flatMap((set) =>
      lists[set].entries().map(({ target }) => ({ set, target })),
    ),
    ...shield.map(({ address, until }) => ({ set: 'shield' as const, target: address, until })),
    ...blocking.map(entryOf),
  ];
}

function refusal(target: Network, { because, detail }: Untouchable): SipwardenError {
  const cures = {
    own: 'name the address of the other side',
    reserved: 'name the address of the other side',
    allowlisted: `take it off first: sipwarden allow remove ${target}`,
    shielded: 'phones of yours are behind it; add --force if it must be',
  } as const;
  return new SipwardenError('ORDER_REFUSED', `${target} is not blocked: ${because}, ${detail}`, {
    hint: cures[because],
  });
}

function verdictOf(
  target: Network,
  inForce: readonly Decision[],
  listed: readonly (ListEntry & { list: ListName })[],
  untouchable: Untouchable | undefined,
): string {
  const allowed = listed.find(({ list }) => list === 'allow');
  if (allowed) return `${target} is never blocked: ${allowed.target} is on the allowlist`;
  const denied = listed.find(({ list }) => list === 'deny');
  if (denied) return `${target} is blocked until it is taken off the denylist (${denied.target})`;
  const [strongest] = inForce.toSorted((one, other) => (other.until ?? Infinity) - (one.until ?? Infinity));
  if (strongest?.enforced) {
    const end = strongest.until === undefined ? 'for good' : `until ${isoTime(strongest.until)}`;
    return `${target} is blocked (${strongest.action}) ${end}: ${strongest.reason}`;
  }
  if (strongest && strongest.action !== 'notice')
    return `${target} would be blocked (observe mode): ${strongest.reason}`;
  if (untouchable) return `${target} is not blocked: ${untouchable.because}, ${untouchable.detail}`;
  return `${target} is not blocked`;
}
