// The table of the proof ladder: what may be done about a detection, and why no more than that. It keeps no record of
// what was done before; what it must know of that is asked.
import { isIPv6, isPrivate, type Network } from '../model/address.ts';
import { sizeOf } from '../model/blast-radius.ts';
import type { Detection } from '../model/detection.ts';
import type { Time } from '../model/time.ts';
import { blockBelowAddress } from './below-address.ts';
import { objectionTo } from './expulsions.ts';
import { failingPhonesAmong } from './failing-phones.ts';
import { neverBlocked, type Protection } from './protection.ts';
import type { ShieldOptions } from './shield-options.ts';
import type { Verdict, VerdictParts } from './verdict.ts';

export function judge(detection: Detection, parts: VerdictParts): Verdict {
  const { protection, shield, options } = parts;
  const { source, proof, time, limit } = detection;
  const stops = protection.against(source, time);
  const never = stops.find(({ because }) => neverBlocked.has(because) || because === 'administrator');
  if (never) return notice(source, `never blocked: ${never.because}, ${never.detail}`);
  if (detection.isIntrusion) return putOut(detection, parts);
  if (detection.isOnlyTold) return notice(source, 'only told: nobody is blocked for this alone');
  const ours = stops.find(({ because }) => because === 'gateway' || because === 'shielded');
  if (!ours && limit)
    return { action: 'limit', target: source, limit, reason: 'slowed, never banned for it' };
  if (!ours) return namePhone(detection, options()) ?? blockStranger(source, proof);
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

function blockStranger(target: Network, proof: Detection['proof']): Verdict {
  return proof === 'proven'
    ? { action: 'ban', target, reason: 'the evidence proves the address' }
    : { action: 'drop', target, reason: 'the evidence could have been forged' };
}

/** Whoever was known before it began to fail is no stranger. */
function putOut({ source, proof, firstTime, time }: Detection, parts: VerdictParts): Verdict {
  const { hang_up, remove_contact } = parts.expulsionOptions();
  const objection = objectionTo(source, firstTime, time, parts);
  if (objection)
    return notice(source, `only told, nobody is put out: ${objection.because}, ${objection.detail}`);
  if (proof === 'asserted') return notice(source, 'only told: the evidence could have been forged');
  if (hang_up === 'off' && remove_contact === 'off')
    return notice(source, 'only told: [asterisk] lets nobody be put out of the PBX');
  return { action: 'expel', target: source, reason: 'a stranger who guessed at an account and got in' };
}

/** A stranger who does what a phone with a wrong password does, and nothing else. */
function namePhone(
  { attack, source, proof, attempts, messages }: Detection,
  { unknown_phone_pause, unknown_phone_tries }: ShieldOptions,
): Verdict | undefined {
  if (attack !== 'registration-bruteforce' || proof === 'asserted' || messages > unknown_phone_tries)
    return undefined;
  const [phone] = failingPhonesAmong(attempts, unknown_phone_pause);
  if (!phone || attempts.some(({ account }) => account !== phone.account)) return undefined;
  const reason = `as a phone with a wrong password does; ${unknown_phone_tries} such failures are forgiven`;
  return { action: 'stale-phone', target: source, phone, reason };
}

/** Of an IPv6 network with phones of ours in it: the address that attacks, where it is none of them. */
function strangerIn({ source, attempts, time }: Detection, protection: Protection): Network | undefined {
  if (!isIPv6(source) || !source.includes('/')) return undefined;
  return attempts.findLast(({ from }) => protection.against(from.address, time).length === 0)?.from.address;
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

function notice(target: Network, reason: string): Verdict {
  return { action: 'notice', target, reason };
}
