// Carries out what persons order: every order is in the kernel and on the disk when it is answered. What hits phones,
// trunks or a session of ours needs force, and is then made until confirmed.
import type { Changes } from './changes.ts';
import type { Config } from './config.ts';
import type { Forced, Operations, Order, Status } from './control/operations.ts';
import { entryOf } from './effects.ts';
import { explainVerdict } from './explain.ts';
import { createLimitOrders, type LimitOrdersParts } from './limit-orders.ts';
import { createListOrders } from './list-orders.ts';
import type { Lists } from './lists.ts';
import { contains, type Network, overlaps } from './model/address.ts';
import type { Change } from './model/change.ts';
import { blocks, type Decision } from './model/decision.ts';
import { SipwardenError } from './model/error.ts';
import type { Geography } from './model/geography.ts';
import { listNames } from './model/list-entry.ts';
import type { ShieldEntry } from './model/shield-entry.ts';
import { createPermits } from './permits.ts';
import type { Pipeline } from './pipeline.ts';
import { createProposalOrders } from './proposal-orders.ts';
import type { Proposals } from './proposals.ts';
import { definitions } from './registry.ts';
import type { Store } from './store/store.ts';
import { timelineOf } from './timeline.ts';

export interface OrdersParts extends LimitOrdersParts {
  readonly pipeline: Pipeline;
  readonly store: Store;
  readonly changes: Changes;
  readonly lists: Lists;
  readonly proposals: Proposals;
  readonly options: () => Pick<Config, 'decide' | 'control' | 'detect'>;
  readonly geography: Geography;
  readonly status: () => Promise<Status>;
  readonly reload: Operations['reload'];
  /** Puts what was reported last on the disk, so that a listing shows it. */
  readonly flush: () => Promise<void>;
}

export function createOrders(parts: OrdersParts): Operations {
  const { pipeline, store, changes, lists, proposals, geography, options, now, status, reload, flush } =
    parts;
  const confirmWithin = () => options().control.confirm_within;
  const permits = createPermits({ pipeline, changes, confirmWithin, now });

  const inForceWithin = (target: Network): readonly Decision[] =>
    pipeline.inForce(now()).filter((decision) => contains(target, decision.target));

  const unban = async (target: Network, by: string): Promise<boolean> => {
    const decisions = inForceWithin(target);
    const targets = new Set(decisions.map((decision) => decision.target));
    await Promise.all([...targets].map((each) => pipeline.unban(each, by, now())));
    return decisions.length > 0;
  };

  const withChange = <Result>(result: Result, change: Change | undefined): Forced<Result> =>
    change ? { result, change } : { result };

  return {
    ...createLimitOrders(parts),
    ...createListOrders({ lists, permits, now }),
    ...createProposalOrders({ lists, permits, proposals, now }),
    status,
    reload,
    async bans() {
      const bans = pipeline.inForce(now()).filter(({ action }) => action !== 'held');
      return bans.map((ban) => ({ ...ban, ...geography.originOf(ban.target) }));
    },
    async ban({ target, forMs = options().decide.ban_time, note, ...order }: Order<'ban'>) {
      const change = await permits.permit('ban', target, [target], order);
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
      const change = await permits.permit('ban', waiting.target, [waiting.target], { ...order, force: true });
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
      const listed = listNames.flatMap((list) => {
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
  readonly lists: Pick<Lists, 'desired'>;
  readonly shield: readonly ShieldEntry[];
  readonly isEnforcing: boolean;
}) {
  const { decisions, lists, shield, isEnforcing } = parts;
  const blocking = decisions.filter(
    ({ action, enforced, cause }) => enforced && blocks(action) && (isEnforcing || cause.kind === 'manual'),
  );
  return [
    ...lists.desired(),
    ...shield.map(({ target, until }) => ({
      set: 'shield' as const,
      target,
      ...(until !== undefined && { until }),
    })),
    ...blocking.map(entryOf),
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
