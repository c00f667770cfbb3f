// sense → detect → decide → enforce → report. The whole flow, joined here and only here; no clock and no I/O, so the
// daemon and a replay run the same one.
import type { AddressList } from './decide/address-list.ts';
import { createPolicy, type PolicyOptions } from './decide/policy.ts';
import { createProtection } from './decide/protection.ts';
import { createShield, type ShieldOptions } from './decide/shield.ts';
import { createCorrelator } from './detect/correlator.ts';
import { type Address, type Network, sourceOf } from './model/address.ts';
import type { Attack } from './model/attack.ts';
import type { Decision, Untouchable } from './model/decision.ts';
import type { Detection } from './model/detection.ts';
import type { Observation } from './model/observation.ts';
import type { ShieldEntry } from './model/shield-entry.ts';
import type { Time } from './model/time.ts';
import { createDetectors, type DetectOptions } from './registry.ts';
import { createAttackLog } from './report/attack-log.ts';

/** The part of the configuration that the flow itself depends on. */
export interface PipelineSettings {
  readonly mode: 'enforce' | 'observe';
  readonly detect: DetectOptions;
  readonly decide: PolicyOptions;
  readonly shield: ShieldOptions;
}

/**
 * What happens outside because of what was decided here. None of these may throw; the flow waits for none. What a
 * person ordered is done when the promise resolves.
 */
export interface Effects {
  block(decision: Decision): Promise<void>;
  unblock(target: Network, by: string): Promise<void>;
  shield(entry: ShieldEntry): void;
  unshield(entries: readonly ShieldEntry[]): void;
  /** An attack record is new or has grown; `decision` is the one that holds for it. */
  report(attack: Attack, decision: Decision, isNewDecision: boolean): void;
}

export interface PipelineParts {
  readonly settings: PipelineSettings;
  readonly allowlist: AddressList;
  readonly effects: Effects;
  readonly ownAddresses: () => readonly Address[];
  readonly newId: () => string;
  /** What was known before a restart. */
  readonly shielded?: readonly ShieldEntry[];
  readonly decisions?: readonly (Decision & { readonly ended?: unknown })[];
}

export type Pipeline = ReturnType<typeof createPipeline>;

export function createPipeline({ allowlist, effects, newId, ownAddresses, ...parts }: PipelineParts) {
  let settings = parts.settings;
  const shield = createShield(() => settings.shield, parts.shielded);
  const protection = createProtection({ allowlist, shield, ownAddresses });
  const policy = createPolicy({
    options: () => settings.decide,
    isEnforcing: () => settings.mode === 'enforce',
    protection,
    shield,
    newId,
  });
  const attackLog = createAttackLog(newId);
  const context = { sourceOf: (address: Address) => sourceOf(address, settings.decide.ipv6_prefix) };
  let detectors = createDetectors(settings.detect, context);
  const correlator = createCorrelator(detect);
  for (const decision of parts.decisions ?? []) {
    policy.adopt(decision);
    if (decision.ended) policy.release(decision.target);
  }

  function detect(observation: Observation) {
    const earned = shield.learn(observation);
    if (earned) effects.shield(earned);
    for (const { watches, detector } of detectors) {
      const detection = watches.includes(observation.kind) ? detector.observe(observation) : undefined;
      if (detection) decide(detection);
    }
  }

  function decide(detection: Detection) {
    const { decision, isNew } = policy.decide(detection);
    if (isNew) void enforce(decision);
    effects.report(attackLog.record(detection, decision), decision, isNew);
  }

  function enforce(decision: Decision): Promise<void> {
    if (decision.enforced && decision.action === 'ban') effects.unshield(shield.revoke(decision.target));
    return effects.block(decision);
  }

  return {
    observe(observations: readonly Observation[]) {
      for (const observation of observations) {
        correlator.advance(observation.time);
        correlator.accept(observation);
      }
    },
    /** Judges what has waited long enough for its proof. */
    advance: correlator.advance,
    nextDeadline: correlator.nextDeadline,
    /** Judges all that is still waiting: a recording is over. */
    end: correlator.end,

    /** A person's ban. Says why where the target is one that sipwarden never blocks; `force` overrules the shield alone. */
    ban(order: {
      target: Network;
      time: Time;
      until: Time;
      by: string;
      note: string;
      force: boolean;
    }): { decision: Decision; done: Promise<void> } | { refused: Untouchable } {
      const { target, time, until, by, note, force } = order;
      const untouchable = force
        ? protection.untouchable(target)
        : protection.protectedFromForgery(target, time);
      if (untouchable) return { refused: untouchable };
      const cause = { kind: 'manual', by, note } as const;
      const reason = note || `ordered by ${by}`;
      const decision: Decision = {
        id: newId(),
        time,
        target,
        action: 'ban',
        until,
        cause,
        reason,
        offence: 1,
        enforced: true,
      };
      policy.adopt(decision);
      return { decision, done: enforce(decision) };
    },
    /** Lifts what is in force and starts afresh with the source. */
    unban(target: Network, by: string): Promise<void> {
      policy.release(target);
      for (const { detector } of detectors) detector.forget(target);
      return effects.unblock(target, by);
    },
    /** New settings apply to the next observation; detectors whose options did not change keep what they counted. */
    configure(changed: PipelineSettings) {
      detectors = createDetectors(changed.detect, context, { options: settings.detect, detectors });
      settings = changed;
    },
    inForce: policy.inForce,
    protection,
    shield,
    counters: correlator.counters,
  };
}
