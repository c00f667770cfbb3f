// sense → detect → decide → enforce → report. The whole flow, joined here and only here; no clock and no I/O, so the
// daemon and a replay run the same one.
import type { AddressList } from './decide/address-list.ts';
import type { ExpulsionOptions } from './decide/expulsion-options.ts';
import { createExpulsions } from './decide/expulsions.ts';
import { isCollapsed } from './decide/judge.ts';
import type { LimitOptions } from './decide/limit-options.ts';
import { type BanOrder, orderedBan } from './decide/ordered-ban.ts';
import { passesBan } from './decide/passage.ts';
import { createPolicy } from './decide/policy.ts';
import type { PolicyOptions } from './decide/policy-options.ts';
import { createProtection, neverBlocked } from './decide/protection.ts';
import { createShield, type ShieldChange } from './decide/shield.ts';
import type { ShieldOptions } from './decide/shield-options.ts';
import { createCorrelator } from './detect/correlator.ts';
import { createFadedCounts } from './detect/faded-counts.ts';
import { createDetectors, type Finding } from './detectors.ts';
import type { Effects } from './effects.ts';
import { type Address, type Network, sourceOf } from './model/address.ts';
import type { Decision, Untouchable } from './model/decision.ts';
import type { PbxAct } from './model/expulsion.ts';
import type { Geography } from './model/geography.ts';
import type { InventoryFact } from './model/inventory.ts';
import type { Observation } from './model/observation.ts';
import type { ShieldEntry } from './model/shield-entry.ts';
import type { Time } from './model/time.ts';
import type { DetectOptions } from './registry.ts';
import { createAttackLog } from './report/attack-log.ts';

/** The part of the configuration that the flow itself depends on. */
export interface PipelineSettings {
  readonly mode: 'enforce' | 'observe';
  readonly detect: DetectOptions;
  readonly decide: PolicyOptions;
  readonly shield: ShieldOptions;
  readonly limit: LimitOptions;
  readonly asterisk: ExpulsionOptions;
}

export interface PipelineParts {
  readonly settings: PipelineSettings;
  readonly allowlist: AddressList;
  readonly effects: Effects;
  readonly ownAddresses: () => readonly Address[];
  /** Answers the same for a whole recording; what it says may change between two observations of a live sensor. */
  readonly geography: Geography;
  readonly newId: () => string;
  /** Any number that strangers do not know; a replay needs none. */
  readonly seed?: number;
  /** What was known before a restart. */
  readonly shielded?: readonly ShieldEntry[];
  readonly decisions?: readonly (Decision & { readonly ended?: unknown })[];
}

export type Pipeline = ReturnType<typeof createPipeline>;

export function createPipeline({
  allowlist,
  effects,
  newId,
  ownAddresses,
  geography,
  ...parts
}: PipelineParts) {
  let settings = parts.settings;
  let graceUntil = Number.NEGATIVE_INFINITY;
  const shield = createShield(() => settings.shield, parts.shielded);
  const protection = createProtection({ allowlist, shield, ownAddresses });
  const policy = createPolicy({
    options: () => settings.decide,
    shieldOptions: () => settings.shield,
    limitOptions: () => settings.limit,
    expulsionOptions: () => settings.asterisk,
    protection,
    shield,
    newId,
  });
  const expulsions = createExpulsions({ options: () => settings.asterisk, protection, shield });
  const attackLog = createAttackLog(newId, geography);
  const context = {
    sourceOf: (address: Address) => sourceOf(address, settings.decide.ipv6_prefix),
    networkOf: (address: Address) => sourceOf(address, Math.min(48, settings.decide.ipv6_prefix)),
    faded: createFadedCounts(parts.seed ?? 0),
    geography,
  };
  const detectors = createDetectors(settings.detect, context);
  const correlator = createCorrelator(detect);
  recall(parts.decisions ?? []);

  function recall(decisions: NonNullable<PipelineParts['decisions']>) {
    for (const decision of decisions) {
      policy.adopt(decision);
      if (!decision.ended && settings.mode === 'enforce') expulsions.begin(decision);
      if (decision.ended && decision.action === 'held') policy.dismiss(decision);
      else if (decision.ended) {
        policy.release(decision.target);
        expulsions.end(decision.target);
      } else if (overrules(decision)) shield.overrule(decision.target, decision.until ?? decision.time);
    }
  }

  function detect(observation: Observation) {
    if (isForgivenByGrace(observation)) return;
    const ban = policy.banOf(context.sourceOf(observation.source.address), observation.time);
    if (ban && passesBan(observation, ban)) effects.passed(ban, observation);
    if (expulsions.learn(observation)) effects.expel();
    else becomeShielded(shield.learn(observation), observation.time);
    for (const finding of detectors.find(observation)) decide(finding);
  }

  /** After a restart a whole site asks at once, and many a challenge is taken up late. */
  function isForgivenByGrace(observation: Observation): boolean {
    const isLate = observation.kind === 'account-probed' && observation.because === 'unanswered-challenge';
    return isLate && observation.time < graceUntil;
  }

  function know(fact: InventoryFact) {
    if (fact.kind === 'restart') graceUntil = fact.time + settings.decide.grace;
    becomeShielded(shield.know(fact), fact.time);
  }

  /** Whoever is banned stays banned, whatever is learned about him meanwhile; a port that is ours now is let in. */
  function becomeShielded(change: ShieldChange | undefined, time: Time) {
    if (!change) return;
    effects.shield(change);
    for (const { target, ports, why } of change.changed) {
      const freed = ports.filter((port) => policy.releasePort(target, port));
      const places = freed.map((port) => ({ set: 'port', target, port }) as const);
      if (places.length > 0) void effects.unblock(target, places, why, false);
    }
    for (const { target, isOver } of change.passes) {
      const ban = isOver ? undefined : policy.banOf(context.sourceOf(target), time);
      if (ban) effects.shield(shield.overrule(ban.target, ban.until ?? time));
    }
  }

  function decide({ detection, isOnlyObserved }: Finding) {
    const { source, time } = detection;
    if (isCollapsed(source, { shield, protection, options: () => settings.shield }, time))
      effects.collapsed(source);
    const { decision, isNew } = policy.decide(detection, settings.mode === 'enforce' && !isOnlyObserved);
    if (isNew) detectors.count(detection);
    if (isNew) void enforce(decision);
    const attack = attackLog.record(detection, decision);
    effects.report(attack, isNew);
    if (expulsions.begin(decision, detection, attack.id)) effects.expel();
    if (detection.isUrgent) effects.alarm(attack);
  }

  function enforce(decision: Decision): Promise<void> {
    if (decision.enforced && decision.action === 'ban') {
      if (decision.cause.kind === 'detection') effects.shield(shield.revoke(decision.target));
      if (shield.covering(decision.target, decision.time).length > 0 || overrules(decision))
        effects.shield(shield.overrule(decision.target, decision.until ?? decision.time));
    }
    if (decision.enforced && decision.action === 'expel') effects.shield(shield.revoke(decision.target));
    return effects.block(decision);
  }

  function order(ban: BanOrder): { decision: Decision; done: Promise<void> } {
    const decision = orderedBan(ban, shield.blastRadius(ban.target, ban.time), newId());
    policy.adopt(decision);
    return { decision, done: enforce(decision) };
  }

  return {
    observe(observations: readonly Observation[]) {
      for (const observation of observations) {
        correlator.advance(observation.time);
        correlator.accept(observation);
      }
    },
    know,
    /** Judges what has waited long enough for its proof. */
    advance: correlator.advance,
    nextDeadline: correlator.nextDeadline,
    /** Judges all that is still waiting: a recording is over. */
    end: correlator.end,

    /** What stands against a person's order, and whether force may overrule it. */
    objections(target: Network, time: Time): readonly (Untouchable & { readonly isFinal: boolean })[] {
      return protection
        .against(target, time)
        .map((each) => ({ ...each, isFinal: neverBlocked.has(each.because) }));
    },
    ban: order,
    /** Bans what was held for a person. Undefined where nothing of that id waits. */
    approve(id: string, { time, until, by }: Pick<BanOrder, 'time' | 'until' | 'by'>) {
      const held = policy.held(id, time);
      if (!held) return undefined;
      const { target, reason } = held;
      return { held, ...order({ target, time, until, by, note: `approved: ${reason}` }) };
    },
    /** Says no to what was held. Undefined where nothing of that id waits. */
    dismiss(id: string, time: Time): Decision | undefined {
      const held = policy.held(id, time);
      if (held) policy.dismiss(held);
      return held;
    },
    /** Lifts what is in force and starts afresh with the source. */
    unban(target: Network, by: string, time: Time): Promise<void> {
      const places = policy.release(target);
      effects.shield(shield.endOverrule(target, time));
      detectors.forget(target);
      expulsions.end(target);
      return effects.unblock(target, places, by, true);
    },
    /** New settings apply to the next observation; detectors whose options did not change keep what they counted. */
    configure(changed: PipelineSettings) {
      detectors.configure(changed.detect);
      settings = changed;
    },
    /** Whoever would be let in before `by` stays out where he is still sending. */
    prolong(by: Time, isGoingOn: (decision: Decision) => boolean) {
      for (const decision of policy.prolong(by, isGoingOn)) void effects.block(decision);
    },
    /** How often each attack gave cause for a decision, and when last. */
    fired: detectors.fired,
    inForce: policy.inForce,
    expelled: expulsions,
    /** What was done at the PBX becomes a part of the record of the attack that it was done for. */
    acted(attackId: string, act: PbxAct) {
      const attack = attackLog.act(attackId, act);
      if (attack) effects.report(attack, true);
    },
    protection,
    shield,
    counters: correlator.counters,
  };
}

/** A person's ban beats the shield. */
function overrules({ action, cause, enforced }: Decision): boolean {
  return enforced && action === 'ban' && cause.kind === 'manual';
}
