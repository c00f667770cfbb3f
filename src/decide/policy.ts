// From a detection to a decision: how long, how often before, and what stands already. Detectors know no ban times.
import { createLru } from '../lib/lru.ts';
import type { Network } from '../model/address.ts';
import { sizeOf } from '../model/blast-radius.ts';
import { type Action, blocks, type Decision } from '../model/decision.ts';
import type { Detection } from '../model/detection.ts';
import { limitNames, type Place, type SourcePort } from '../model/enforcer.ts';
import { formatDuration, type Time } from '../model/time.ts';
import type { ExpulsionOptions } from './expulsion-options.ts';
import { judge } from './judge.ts';
import type { LimitOptions } from './limit-options.ts';
import type { PolicyOptions } from './policy-options.ts';
import type { Protection } from './protection.ts';
import type { Shield } from './shield.ts';
import type { ShieldOptions } from './shield-options.ts';
import { createTerms } from './terms.ts';
import type { Verdict } from './verdict.ts';

export interface Policy {
  /** The decision that holds for this detection: a new one, or one in force that already covers it. */
  decide(
    detection: Detection,
    isEnforcing: boolean,
  ): { readonly decision: Decision; readonly isNew: boolean };
  /** Takes a decision into account that was made elsewhere: by a person, or before a restart. */
  adopt(decision: Decision): void;
  /** What is not over, oldest first, notices left out; in observe mode also what would hold. */
  inForce(now: Time): readonly Decision[];
  /** Gives later ends to those that end before `by` and whose source goes on. */
  prolong(by: Time, isGoingOn: (decision: Decision) => boolean): readonly Decision[];
  /** The ban that is enforced for exactly this target. */
  banOf(target: Network, now: Time): Decision | undefined;
  /** A ban that waits for a person. */
  held(id: string, now: Time): Decision | undefined;
  /** A person said no: the question is not asked again while it would have waited. */
  dismiss(decision: Decision): void;
  /** Forgets what is in force for a target; its history stays. Tells what less than the whole of it was blocked. */
  release(target: Network): readonly Place[];
  /** Tells whether that single port was blocked; it is not any more. */
  releasePort(target: Network, port: SourcePort): boolean;
}

export interface PolicyParts {
  readonly options: () => PolicyOptions;
  readonly shieldOptions: () => ShieldOptions;
  readonly limitOptions: () => LimitOptions;
  readonly expulsionOptions: () => ExpulsionOptions;
  readonly protection: Protection;
  readonly shield: Shield;
  readonly newId: () => string;
}

interface History {
  readonly offences: Readonly<Record<'ban' | 'drop', number>>;
  readonly lastTime: Time;
}

const maxHistories = 16_384;
/** Addresses with phones of ours behind them. */
const maxShared = 4_096;
/** As many as the kernel's sets hold (IPv4 and IPv6). */
const maxInForce = 524_288;
/** Forged sources make as many as they like; of the oldest the kernel alone knows when they end. */
const maxDrops = 8_192;
const strength: Record<Action, number> = {
  notice: 0,
  'stale-phone': 1,
  held: 2,
  expel: 2,
  drop: 3,
  limit: 3,
  'port-ban': 3,
  ban: 4,
};

export function createPolicy(parts: PolicyParts): Policy {
  const { options, shieldOptions, expulsionOptions, protection, shield, newId } = parts;
  /** By what of the target is blocked; the oldest first. */
  const standing = new Map<string, Decision>();
  const drops = new Set<string>();
  const terms = createTerms(parts);
  const histories = createLru<Network, History>(maxHistories);
  const portBans = createLru<Network, Map<string, Time>>(maxShared);
  /** Until when a person is not asked about an address again. */
  const dismissed = createLru<Network, Time>(maxShared);

  const isOver = ({ until = Number.POSITIVE_INFINITY }: Decision, now: Time): boolean => until <= now;
  const recentPortBans = (address: Network, now: Time): number => {
    const since = now - shieldOptions().held_window;
    return [...(portBans.get(address)?.values() ?? [])].filter((time) => time > since).length;
  };
  const isAsked = (address: Network, now: Time): boolean => {
    const decision = standing.get(address);
    const isStanding = decision?.action === 'held' && !isOver(decision, now);
    return isStanding || (dismissed.get(address) ?? 0) > now;
  };
  const isPortBlocked = (target: Network, port: SourcePort, now: Time): boolean => {
    const decision = standing.get(keyOf({ action: 'port-ban', target, port }));
    return decision !== undefined && !isOver(decision, now);
  };

  const offencesOf = (target: Network, action: 'ban' | 'drop', now: Time): number => {
    const history = histories.get(target);
    return history && now - history.lastTime < options().forgiven_after ? history.offences[action] : 0;
  };
  const notePortBan = ({ target, port, time }: Decision): void => {
    const ports = portBans.get(target) ?? new Map<string, Time>();
    portBans.set(target, ports.set(portKey(port), time));
    const [oldest] = ports.keys();
    if (ports.size > 128 && oldest !== undefined) ports.delete(oldest);
  };
  const boundDrops = (key: string): void => {
    drops.delete(key);
    drops.add(key);
    const [oldest] = drops;
    if (drops.size <= maxDrops || oldest === undefined) return;
    drops.delete(oldest);
    if (standing.get(oldest)?.action === 'drop') standing.delete(oldest);
  };
  const adopt = (decision: Decision): void => {
    const { action, target, time } = decision;
    const key = keyOf(decision);
    standing.delete(key);
    standing.set(key, decision);
    const [oldest] = standing.keys();
    if (standing.size > maxInForce && oldest !== undefined) standing.delete(oldest);
    if (action === 'drop') boundDrops(key);
    if (action === 'port-ban') notePortBan(decision);
    if (action !== 'ban' && action !== 'drop') return;
    const offences = { ban: offencesOf(target, 'ban', time), drop: offencesOf(target, 'drop', time) };
    histories.set(target, { offences: { ...offences, [action]: offences[action] + 1 }, lastTime: time });
  };

  const covering = (verdict: Verdict, time: Time, isEnforcing: boolean): Decision | undefined => {
    const decision = standing.get(keyOf(verdict));
    if (!decision || isOver(decision, time)) return undefined;
    // What was only observed does not hold any more once the administrator has armed it.
    const isOnlyObserved = isCarriedOut(decision.action) && !decision.enforced && isEnforcing;
    return strength[decision.action] >= strength[verdict.action] && !isOnlyObserved ? decision : undefined;
  };

  return {
    adopt,
    inForce(now) {
      for (const [key, decision] of standing) if (isOver(decision, now)) standing.delete(key);
      return [...standing.values()].filter(({ action }) => action !== 'notice' && action !== 'stale-phone');
    },
    prolong(by, isGoingOn) {
      const ending = [...standing].filter(
        ([, { until, enforced }]) => enforced && until !== undefined && until <= by,
      );
      return ending.flatMap(([key, decision]) => {
        const longer = isGoingOn(decision) ? terms.prolong(decision) : undefined;
        if (longer) standing.set(key, longer);
        return longer ?? [];
      });
    },
    banOf(target, now) {
      const decision = standing.get(target);
      return decision?.action === 'ban' && decision.enforced && !isOver(decision, now) ? decision : undefined;
    },
    held(id, now) {
      return [...standing.values()].find(
        (decision) => decision.id === id && decision.action === 'held' && !isOver(decision, now),
      );
    },
    dismiss({ target, until = 0 }) {
      if (standing.get(target)?.action === 'held') standing.delete(target);
      dismissed.set(target, until);
    },
    release(target) {
      standing.delete(target);
      dismissed.delete(target);
      const keys = [
        ...[...(portBans.get(target)?.keys() ?? [])].map((port) => `${target} ${port}`),
        ...limitNames.map((limit) => `${target} ${limit}`),
        keyOf({ action: 'expel', target }),
      ];
      const places = keys.flatMap((key) => placeOf(standing.get(key)) ?? []);
      for (const key of keys) standing.delete(key);
      portBans.delete(target);
      return places;
    },
    releasePort: (target, port) => standing.delete(keyOf({ action: 'port-ban', target, port })),
    decide(detection, isEnforcing) {
      const { source, time, attack, proof } = detection;
      const verdict = judge(detection, {
        protection,
        shield,
        options: shieldOptions,
        expulsionOptions,
        recentPortBans,
        isAsked,
        isPortBlocked,
      });
      const known = covering(verdict, time, isEnforcing);
      if (known) return { decision: known, isNew: false };
      const { action, target, port, limit, phone, reason } = verdict;
      const behind = shield.blastRadius(source, time);
      const isCounted = action === 'ban' || action === 'drop';
      const offence = isCounted ? offencesOf(target, action, time) + 1 : 0;
      const durationMs = terms.durationOf({ ...verdict, offence });
      const decision: Decision = {
        id: newId(),
        time,
        target,
        action,
        ...(port && { port }),
        ...(limit && { limit }),
        until: time + durationMs,
        cause: { kind: 'detection', attack, proof },
        reason: isCarriedOut(action) ? `${reason}: ${action} for ${formatDuration(durationMs)}` : reason,
        ...(phone && { phone }),
        ...(sizeOf(behind) > 0 && { behind }),
        offence,
        enforced: isCarriedOut(action) && isEnforcing,
      };
      adopt(decision);
      return { decision, isNew: true };
    },
  };
}

/** By the firewall or the PBX; all else is only told. */
function isCarriedOut(action: Action): boolean {
  return blocks(action) || action === 'expel';
}

function keyOf({
  action,
  target,
  port,
  limit,
}: Pick<Decision, 'action' | 'target' | 'port' | 'limit'>): string {
  if (action === 'port-ban') return `${target} ${portKey(port)}`;
  if (action === 'expel') return `${target} expel`;
  return action === 'limit' ? `${target} ${limit}` : target;
}

function placeOf(decision: Decision | undefined): Place | undefined {
  if (!decision) return undefined;
  const { target, port, limit } = decision;
  if (limit) return { set: limit, target };
  return port && { set: 'port', target, port };
}

function portKey(port: SourcePort | undefined): string {
  return `${port?.protocol} ${port?.port}`;
}
