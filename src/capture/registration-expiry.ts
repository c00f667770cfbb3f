// How long a registration holds, as our own answer to it says.
import type { Time } from '../model/time.ts';
import { allHeaderBytes, headerBytes, type SipScan } from './sip-scan.ts';

/** A week; nobody should be believed for longer. Seconds. */
const longestSeconds = 604_800;

/**
 * Until when the last of the account's registrations holds, from our 2xx to a REGISTER (RFC 3261 §10.3); `time` itself
 * where none is left.
 */
export function registeredUntil(sip: SipScan, time: Time): Time {
  const contacts = allHeaderBytes(sip, 'contact').join(',');
  const seconds = [...contacts.matchAll(/;\s*expires\s*=\s*"?(\d{1,10})/gi)].map((match) => Number(match[1]));
  if (contacts !== '' && seconds.length === 0)
    seconds.push(Number.parseInt(headerBytes(sip, 'expires'), 10) || 0);
  return time + Math.min(longestSeconds, Math.max(0, ...seconds)) * 1_000;
}
