// The proof ladder's consequences: from a detection to a decision. It knows ban times; detectors do not.
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Network } from '../model/address.ts';
import type { Action, Decision } from '../model/decision.ts';
import type { Detection } from '../model/detection.ts';
import { durationOption } from '../model/options.ts';
import { formatDuration, type Time } from '../model/time.ts';
import type { Protection } from './protection.ts';
import type { Shield } from './shield.ts';

export const policyOptions = z.strictObject({
  ban_time: durationOption('1h').describe(
    'How long the first ban of a proven attacker lasts; each further one lasts twice as long.',
  ),
  ban_time_max: durationOption('7d').describe('No ban lasts longer than this.'),
  drop_time: durationOption('5m').describe(
    'How long a source is dropped on evidence that could have been forged; each further time twice as long.',
  ),
  drop_time_max: durationOption('1h').describe('No such drop lasts longer than this.'),
  forgiven_after: durationOption('30d').describe(
    'A source that was quiet for so long counts as a first offender again.',
  ),
  ipv6_prefix: z
    .int()
    .min(32)
    .max(128)
    .default(64)
    .describe('IPv6 addresses are counted and blocked as networks of this prefix length.'),
});
export type PolicyOptions = z.infer<typeof policyOptions>;

export interface Policy {
  /** The decision that holds for this detection: a new one, or one in force that already covers it. */
  decide(detection: Detection): { readonly decision: Decision; readonly isNew: boolean };
  /** Takes a decision into account that was made elsewhere: by a person, or before a restart. */
  adopt(decision: Decision): void;
  /** Bans and drops that are not over, oldest first; in observe mode those that would hold. */
  inForce(now: Time): readonly Decision[];
  /** Forgets what is in force for a target; its history stays. */
  release(target: Network): void;
}

export interface PolicyParts {
  readonly options: () => PolicyOptions;
  readonly protection: Protection;
  readonly shield: Shield;
  readonly isEnforcing: () => boolean;
  readonly newId: () => string;
}

interface History {
  readonly offences: Readonly<Record<'ban' | 'drop', number>>;
  readonly lastTime: Time;
}

const maxHistories = 65_536;
/** As many as the kernel's sets hold (IPv4 and IPv6). */
const maxInForce = 524_288;
const strength: Record<Action, number> = { notice: 0, drop: 1, ban: 2 };
/** How long a notice about one source stands before it is given again. Milliseconds. */
const noticeMs = 600_000;

export function createPolicy({ options, protection, shield, isEnforcing, newId }: PolicyParts): Policy {
  /** The oldest first. */
  const inForce = new Map<Network, Decision>();
  const histories = new LRUCache<Network, History>({ max: maxHistories });

  const offencesOf = (target: Network, action: 'ban' | 'drop', now: Time): number => {
    const history = histories.get(target);
    return history && now - history.lastTime < options().forgiven_after ? history.offences[action] : 0;
  };

  const adopt = (decision: Decision) => {
    inForce.delete(decision.target);
    inForce.set(decision.target, decision);
    const [oldest] = inForce.keys();
    if (inForce.size > maxInForce && oldest !== undefined) inForce.delete(oldest);
    const { action, target, time } = decision;
    if (action === 'notice') return;
    const offences = { ban: offencesOf(target, 'ban', time), drop: offencesOf(target, 'drop', time) };
    histories.set(target, { offences: { ...offences, [action]: offences[action] + 1 }, lastTime: time });
  };

  const covering = ({ source, time }: Detection, action: Action): Decision | undefined => {
    const decision = inForce.get(source);
    if (!decision || (decision.until ?? Infinity) <= time) return undefined;
    // What was only observed does not hold any more once the administrator has armed it.
    const isOnlyObserved = decision.action !== 'notice' && !decision.enforced && isEnforcing();
    return strength[decision.action] >= strength[action] && !isOnlyObserved ? decision : undefined;
  };

  const durationOf = (action: Action, source: Network, time: Time): number => {
    if (action === 'notice') return noticeMs;
    const { ban_time, ban_time_max, drop_time, drop_time_max } = options();
    const [base, most] = action === 'ban' ? [ban_time, ban_time_max] : [drop_time, drop_time_max];
    return Math.min(most, base * 2 ** Math.min(40, offencesOf(source, action, time)));
  };

  return {
    adopt,
    inForce(now) {
      for (const [target, { until = Infinity }] of inForce) if (until <= now) inForce.delete(target);
      return [...inForce.values()].filter(({ action }) => action !== 'notice');
    },
    release: (target) => {
      inForce.delete(target);
    },
    decide(detection) {
      const { source, time, attack, proof } = detection;
      const { action, reason } = judge(detection, protection, shield);
      const standing = covering(detection, action);
      if (standing) return { decision: standing, isNew: false };
      const durationMs = durationOf(action, source, time);
      const decision: Decision = {
        id: newId(),
        time,
        target: source,
        action,
        until: time + durationMs,
        cause: { kind: 'detection', attack, proof },
        reason: action === 'notice' ? reason : `${reason}: ${action} for ${formatDuration(durationMs)}`,
        offence: action === 'notice' ? 0 : offencesOf(source, action, time) + 1,
        enforced: action !== 'notice' && isEnforcing(),
      };
      adopt(decision);
      return { decision, isNew: true };
    },
  };
}

/** The table of the proof ladder (docs/architecture.md): what may be done, and why no more than that. */
function judge(
  { source, proof, time }: Detection,
  protection: Protection,
  shield: Shield,
): { action: Action; reason: string } {
  const untouchable = protection.untouchable(source);
  if (untouchable)
    return { action: 'notice', reason: `never blocked: ${untouchable.because}, ${untouchable.detail}` };
  const ours = shield.covering(source, time);
  if (!ours) {
    return proof === 'proven'
      ? { action: 'ban', reason: 'the evidence proves the address' }
      : { action: 'drop', reason: 'the evidence could have been forged' };
  }
  const who = `${ours.address} registered as ${ours.account}`;
  if (proof === 'asserted')
    return { action: 'notice', reason: `shielded: ${who}, and the evidence could have been forged` };
  if (!shield.isYoung(ours, time))
    return { action: 'notice', reason: `shielded: ${who}; a person has to decide` };
  return { action: 'ban', reason: `the evidence proves the address; ${who} too recently to outweigh it` };
}
