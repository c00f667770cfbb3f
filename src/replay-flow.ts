// The flow as a replay runs it: event time for a clock, and everything that it says written down.
import type { WireMessage } from './capture/packet.ts';
import type { Config } from './config.ts';
import { createAddressList } from './decide/address-list.ts';
import { entryOf } from './effects.ts';
import { createDryRunEnforcer } from './enforce/dry-run.ts';
import { type Address, type Network, sourceOf } from './model/address.ts';
import type { Attack } from './model/attack.ts';
import type { Action } from './model/decision.ts';
import type { ProofLevel } from './model/detection.ts';
import type { Geography } from './model/geography.ts';
import type { Observation, ObservationKind, SensorName } from './model/observation.ts';
import type { Time } from './model/time.ts';
import { createPipeline } from './pipeline.ts';

export interface ReplayDecision {
  readonly source: Network;
  readonly action: Action;
  readonly time: Time;
  readonly until?: Time;
  readonly attack: string;
  readonly proof: ProofLevel;
  /** Messages of the source that had been heard by then. */
  readonly messagesBefore: number;
  readonly reason: string;
}

/** Messages of each kind, as each sensor saw them. */
export type SeenCounts = Partial<Record<SensorName, Partial<Record<ObservationKind, number>>>>;

export type ReplayFlow = Awaited<ReturnType<typeof createReplayFlow>>;

export async function createReplayFlow(config: Config, locals: readonly Address[], geography: Geography) {
  let firstTime: Time | undefined;
  let lastTime: Time | undefined;
  const ids = countedIds();
  const discarded: Record<string, number> = {};
  const seen: SeenCounts = {};
  const attacks = new Map<string, Attack>();
  const decisions: ReplayDecision[] = [];
  const heardOf = new Map<Network, number>();
  const enforcer = createDryRunEnforcer({ now: () => lastTime ?? 0 });
  await enforcer.prepare();
  const blocks: Promise<void>[] = [];
  const sourceOfMessage = (address: Address) => sourceOf(address, config.decide.ipv6_prefix);
  const pipeline = createPipeline({
    settings: config,
    allowlist: createAddressList(),
    ownAddresses: () => locals,
    geography,
    newId: () => ids.next().value,
    effects: {
      async block(decision) {
        const { target: source, action, time, until, cause, reason } = decision;
        if (cause.kind !== 'detection') return;
        const { attack, proof } = cause;
        const messagesBefore = heardOf.get(source) ?? 0;
        decisions.push({
          source,
          action,
          time,
          ...(until !== undefined && { until }),
          attack,
          proof,
          messagesBefore,
          reason,
        });
        if (decision.enforced && action !== 'expel') blocks.push(enforcer.add(entryOf(decision)));
      },
      unblock: async () => undefined,
      expel: () => undefined,
      shield: () => undefined,
      alarm: () => undefined,
      passed: () => undefined,
      collapsed: () => undefined,
      report: (attack) => void attacks.set(attack.id, attack),
    },
  });
  const see = (time: Time) => {
    firstTime = Math.min(firstTime ?? time, time);
    lastTime = Math.max(lastTime ?? time, time);
    pipeline.advance(time);
  };
  const count = ({ sensor, kind, messages }: Observation) => {
    const counts = seen[sensor] ?? {};
    seen[sensor] = { ...counts, [kind]: (counts[kind] ?? 0) + messages };
  };
  const hear = (address: Address) => {
    const source = sourceOfMessage(address);
    heardOf.set(source, (heardOf.get(source) ?? 0) + 1);
  };
  return {
    discard(reason: string) {
      discarded[reason] = (discarded[reason] ?? 0) + 1;
    },
    heard({ time, direction, source }: WireMessage) {
      see(time);
      if (direction !== 'out') hear(source.address);
    },
    observe(observations: readonly Observation[]) {
      for (const observation of observations) {
        see(observation.time);
        count(observation);
        if (observation.sensor === 'ami') hear(observation.source.address);
      }
      pipeline.observe(observations);
    },
    async finish() {
      pipeline.end();
      await Promise.all(blocks);
      const times = firstTime !== undefined && lastTime !== undefined ? { firstTime, lastTime } : {};
      return { discarded, seen, ...times, attacks: [...attacks.values()], decisions };
    },
  };
}

/** Ids that are the same in every replay of the same recording. */
function* countedIds(): Generator<string, never> {
  for (let id = 1; ; id += 1) yield String(id);
}
