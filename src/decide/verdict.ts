// The table of the proof ladder: what may be done about a detection, and why no more than that. It keeps no record of
// what was done before; what it must know of that is asked.
import { isIPv6, isPrivate, type Network } from '../model/address.ts';
import type { Action, StalePhone } from '../model/decision.ts';
import type { Detection } from '../model/detection.ts';
import type { SourcePort } from '../model/enforcer.ts';
import type { BlastRadius } from '../model/shield-entry.ts';
import type { Time } from '../model/time.ts';
import { neverBlocked, type Protection } from './protection.ts';
import { portOf, type Shield } from './shield.ts';
import type { ShieldOptions } from './shield-options.ts';

export interface Verdict {
  readonly action: Action;
  readonly target: Network;
  readonly port?: SourcePort;
  readonly phone?: StalePhone;
  readonly reason: string;
}

export interface VerdictParts {
  readonly protection: Protection;
  readonly shield: Shield;
  readonly options: () => ShieldOptions;
  /** Different ports of the address that were blocked within `held_window`. */
  readonly recentPortBans: (address: Network, now: Time) => number;
  /** A person was asked about this address already: the question stands, or was answered with no. */
  readonly isAsked: (address: Network, now: Time) => boolean;
}

export function judge(detection: Detection, parts: VerdictParts): Verdict {
  const { protection, shield, options } = parts;
  const { source, proof, time } = detection;
  const stops = protection.against(source, time);
  const never = stops.find(({ because }) => neverBlocked.has(because) || because === 'administrator');
  if (never) return notice(source, `never blocked: ${never.because}, ${never.detail}`);
  const ours = stops.find(({ because }) => because === 'gateway' || because === 'shielded');
  if (!ours) return blockStranger(source, proof);
  if (proof === 'asserted')
    return notice(source, `${ours.because}: ${ours.detail}; the evidence could have been forged`);

  const stranger = strangerIn(detection, protection);
  if (stranger)
    return { ...blockStranger(stranger, proof), reason: `${stranger} alone: its network is ours` };
  if (ours.because === 'shielded' && !shield.isSettled(source, time)) {
    const radius = shield.blastRadius(source, time);
    if (sizeOf(radius) <= options().blast_radius) {
      const reason = `the evidence proves the address; ${ours.detail} too recently to outweigh it`;
      return { action: 'ban', target: source, reason };
    }
  }
  return blockBelowAddress(detection, parts);
}

/** Where good and bad share an address: the phone that fails, the port, or a person. */
function blockBelowAddress(detection: Detection, parts: VerdictParts): Verdict {
  const { shield, options, recentPortBans, isAsked } = parts;
  const { source, time, provenFrom } = detection;
  const behind = describeRadius(shield.blastRadius(source, time));
  const phone = stalePhoneIn(detection, options().stale_phone_pause);
  if (phone) {
    const reason = `one phone with a wrong password; ${behind} behind the address are fine`;
    return { action: 'stale-phone', target: source, phone, reason };
  }
  const from = provenFrom.find(
    (each) => !shield.usesPort(each.address, portOf(each.port, each.transport), time),
  );
  const isOften = recentPortBans(source, time) >= options().port_bans;
  if ((!from || isOften) && !isAsked(source, time)) {
    const why = from ? 'several ports of it attacked' : 'a phone, trunk or call uses the very port';
    return { action: 'held', target: source, reason: `${why}; ${behind} would be cut off: a person decides` };
  }
  if (!from) return notice(source, `a person was asked about it; ${behind} would be cut off`);
  const port = portOf(from.port, from.transport);
  return {
    action: 'port-ban',
    target: from.address,
    port,
    reason: `${port.protocol} port ${port.port} alone: ${behind} are behind the address`,
  };
}

function blockStranger(target: Network, proof: Detection['proof']): Verdict {
  return proof === 'proven'
    ? { action: 'ban', target, reason: 'the evidence proves the address' }
    : { action: 'drop', target, reason: 'the evidence could have been forged' };
}

/** Of an IPv6 network with phones of ours in it: the address that attacks, where it is none of them. */
function strangerIn({ source, provenFrom, time }: Detection, protection: Protection): Network | undefined {
  if (!isIPv6(source) || !source.includes('/')) return undefined;
  return provenFrom.find(({ address }) => protection.against(address, time).length === 0)?.address;
}

/** One account that fails evenly and slowly is a phone with a wrong password. */
function stalePhoneIn({ attack, evidence }: Detection, leastPauseMs: number): StalePhone | undefined {
  const { accounts, userAgents, everyMs = 0 } = evidence;
  const [account] = accounts;
  const isOnePhone = accounts.length === 1 && userAgents.length <= 1;
  if (attack !== 'registration-bruteforce' || !isOnePhone || account === undefined) return undefined;
  if (everyMs < leastPauseMs) return undefined;
  const [userAgent] = userAgents;
  return { account, everyMs, ...(userAgent !== undefined && { userAgent }) };
}

/** Everybody seems to come from one private address: a container or a proxy hides who is who. */
export function isCollapsed(
  source: Network,
  { shield, protection, options }: Pick<VerdictParts, 'shield' | 'protection' | 'options'>,
  now: Time,
): boolean {
  if (!isPrivate(source)) return false;
  const isGateway = protection.against(source, now).some(({ because }) => because === 'gateway');
  return isGateway || shield.blastRadius(source, now).phones >= options().office_accounts;
}

export function sizeOf({ phones, trunks, calls }: BlastRadius): number {
  return phones + trunks + calls;
}

export function describeRadius({ phones, trunks, calls }: BlastRadius): string {
  const counted = [
    [phones, 'phone'],
    [trunks, 'trunk'],
    [calls, 'live call'],
  ] as const;
  const words = counted
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}${count === 1 ? '' : 's'}`);
  return words.join(', ') || 'nobody of ours';
}

function notice(target: Network, reason: string): Verdict {
  return { action: 'notice', target, reason };
}
