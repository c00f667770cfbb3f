// Carries out what persons order: every order is in the kernel and on the disk when it is answered. What hits phones,
// trunks or a session of ours needs force, and is then made until confirmed.
import type { Changes } from './changes.ts';
import type { Config } from './config.ts';
import type { Forced, Operations, Order, Status } from './control/operations.ts';
import type { AddressList } from './decide/address-list.ts';
import { entryOf } from './effects.ts';
import { explainVerdict } from './explain.ts';
import { createLimitOrders, type LimitOrdersParts } from './limit-orders.ts';
import { contains, type Network, overlaps } from './model/address.ts';
import type { Change } from './model/change.ts';
import { blocks, type Decision, type Untouchable } from './model/decision.ts';
import { SipwardenError } from './model/error.ts';
import type { Geography } from './model/geography.ts';
import type { ListEntry, ListName } from './model/list-entry.ts';
import type { ShieldEntry } from './model/shield-entry.ts';
import type { Pipeline } from './pipeline.ts';
import { definitions } from './registry.ts';
import type { Store } from './store/store.ts';
import { timelineOf } from './timeline.ts';

export interface OrdersParts extends LimitOrdersParts {
  readonly pipeline: Pipeline;
  readonly store: Store;
  readonly changes: Changes;
  readonly lists: Readonly<Record<ListName, AddressList>>;
  readonly options: () => Pick<Config, 'decide' | 'control' | 'detect'>;
  readonly geography: Geography;
  readonly status: () => Promise<Status>;
  readonly reload: Operations['reload'];
  /** Puts what was reported last on the disk, so that a listing shows it. */
  readonly flush: () => Promise<void>;
}

interface ForcedOrder {
  readonly by: string;
  readonly from?: string | undefined;
  readonly force: boolean;
}

export function createOrders(parts: OrdersParts): Operations {
  const { pipeline, store, changes, firewall, lists, geography, options, now, status, reload, flush } = parts;
  const reconciler = () => firewall().reconciler;

  const inForceWithin = (target: Network): readonly Decision[] =>
    pipeline.inForce(now()).filter((decision) => contains(target, decision.target));

  const unban = async (target: Network, by: string): Promise<boolean> => {
    const decisions = inForceWithin(target);
    const targets = new Set(decisions.map((decision) => decision.target));
    await Promise.all([...targets].map((each) => pipeline.unban(each, by, now())));
    return decisions.length > 0;
  };

  /** Refuses an order against what must not be blocked; one that is forced begins a change that must be confirmed. */
  const permit = async (
    kind: Change['kind'],
    target: Network,
    { by, from, force }: ForcedOrder,
  ): Promise<Change | undefined> => {
    const time = now();
    const objections = [...pipeline.objections(target, time), ...ownSession(target, from)];
    const [objection] = objections;
    if (!objection) return undefined;
    const final = objections.find(({ isFinal }) => isFinal);
    if (final || !force) throw refusal(target, final ?? objection);
    const hits = objections.map(({ because, detail }) => `${because}: ${detail}`);
    const until = time + options().control.confirm_within;
    return changes.begin({ kind, target, by, time, until, hits });
  };
  const withChange = <Result>(result: Result, change: Change | undefined): Forced<Result> =>
    change ? { result, change } : { result };

  return {
    ...createLimitOrders(parts),
    status,
    reload,
    async bans() {
      const bans = pipeline.inForce(now()).filter(({ action }) => action !== 'held');
      return bans.map((ban) => ({ ...ban, ...geography.originOf(ban.target) }));
    },
    async ban({ target, forMs = options().decide.ban_time, note, ...order }: Order<'ban'>) {
      const change = await permit('ban', target, order);
      const time = now();
      const { decision, done } = pipeline.ban({ target, time, until: time + forMs, by: order.by, note });
      await done;
      return withChange(decision, change);
    },
    async unban({ target, by }) {
      const wasInForce = await unban(target, by);
      if (!wasInForce) await pipeline.unban(target, by, now());
      return { target, wasInForce };
    },
    async held() {
      return pipeline.inForce(now()).filter(({ action }) => action === 'held');
    },
    async approve({ id, forMs = options().decide.ban_time, ...order }) {
      const time = now();
      const waiting = pipeline.inForce(time).find((each) => each.id === id && each.action === 'held');
      if (!waiting) throw notHeld();
      const change = await permit('ban', waiting.target, { ...order, force: true });
      const answer = pipeline.approve(id, { time, until: time + forMs, by: order.by });
      if (!answer) throw notHeld();
      await Promise.all([answer.done, store.endDecision(id, time, order.by)]);
      return withChange(answer.decision, change);
    },
    async dismiss({ id, by }) {
      const dismissed = pipeline.dismiss(id, now());
      if (!dismissed) throw notHeld();
      await store.endDecision(id, now(), by);
      return dismissed;
    },
    async unconfirmed() {
      return changes.waiting();
    },
    confirm: ({ id }) => changes.confirm(id),
    async shield() {
      return pipeline.shield.entries(now()).toSorted(byTarget);
    },
    async list(name) {
      return lists[name].entries();
    },
    async listAdd(name, { target, note, ...order }) {
      const change = name === 'deny' ? await permit('deny', target, order) : undefined;
      const entry: ListEntry = { target, note, author: order.by, time: now() };
      await reconciler().set({ set: name, target });
      lists[name].add(entry);
      await store.saveListEntry(name, entry);
      if (name === 'allow') await unban(target, order.by);
      return withChange(entry, change);
    },
    async listRemove(name, { target }) {
      const wasThere = lists[name].remove(target);
      await reconciler().unset({ set: name, target });
      await store.removeListEntry(name, target);
      return { target, wasThere };
    },
    async detectors() {
      return definitions.map(([name, { summary }]) => {
        const { state, ...detectorOptions } = options().detect[name];
        const { count, ...last } = pipeline.fired(name);
        return {
          name,
          summary,
          state,
          options: detectorOptions,
          fired: count,
          ...last,
        };
      });
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
      const found = await Promise.all([...sources].map((source) => store.attacks({ source, limit: 100 })));
      const attacks = found.flat();
      const listed = (['allow', 'deny'] as const).flatMap((list) => {
        const entry = lists[list].match(target);
        return entry ? [{ ...entry, list }] : [];
      });
      const shield = pipeline.shield.covering(target, time);
      const [objection] = pipeline.objections(target, time);
      return {
        target,
        ...geography.originOf(target),
        verdict: explainVerdict(target, inForce, listed, objection),
        timeline: timelineOf({ attacks, history, lists: listed, shield, now: time }),
        inForce,
        history,
        attacks,
        lists: listed,
        shield,
        behind: pipeline.shield.blastRadius(target, time),
      };
    },
  };
}

/** What the kernel has to hold, from what the store remembers. */
export function desiredEntries(parts: {
  readonly decisions: readonly Decision[];
  readonly lists: Readonly<Record<ListName, AddressList>>;
  readonly shield: readonly ShieldEntry[];
  readonly isEnforcing: boolean;
}) {
  const { decisions, lists, shield, isEnforcing } = parts;
  const blocking = decisions.filter(
    ({ action, enforced, cause }) => enforced && blocks(action) && (isEnforcing || cause.kind === 'manual'),
  );
  return [
    ...(['allow', 'deny'] as const).flatMap((set) =>
      lists[set].entries().map(({ target }) => ({ set, target })),
    ),
    ...shield.map(({ target, until }) => ({
      set: 'shield' as const,
      target,
      ...(until !== undefined && { until }),
    })),
    ...blocking.map(entryOf),
  ];
}

/** The order came from there: whoever gives it would cut himself off. */
function ownSession(target: Network, from: string | undefined) {
  if (from === undefined || !contains(target, from)) return [];
  return [
    { because: 'administrator', detail: `your own session comes from ${from}`, isFinal: false } as const,
  ];
}

function byTarget(one: ShieldEntry, other: ShieldEntry): number {
  return one.kind.localeCompare(other.kind) || one.target.localeCompare(other.target);
}

function notHeld(): SipwardenError {
  return new SipwardenError('NOT_HELD', 'no ban of this id waits for a person', {
    hint: '"sipwarden held" lists those that do',
  });
}

function refusal(target: Network, { because, detail }: Untouchable): SipwardenError {
  const insist = 'add --force if it must be; it is undone unless you then say "sipwarden confirm"';
  const cures = {
    own: 'name the address of the other side',
    reserved: 'name the address of the other side',
    allowlisted: `take it off first: sipwarden allow remove ${target}`,
    administrator: insist,
    gateway: insist,
    shielded: insist,
    'in-use': insist,
  } as const;
  return new SipwardenError('ORDER_REFUSED', `${target} is not blocked: ${because}, ${detail}`, {
    hint: cures[because],
  });
}
