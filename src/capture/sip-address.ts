// The user part of a From, To or URI: the account that a message speaks of, as Asterisk reads it. Never an address.
import { textOfBytes } from './foreign-text.ts';

/** Bytes of an account name that Asterisk keeps (InvalidAccountID's AccountID, res_pjsip of 16 and 22). */
const accountLimit = 36;
const schemes = new Set(['sip', 'sips', 'tel']);

/**
 * Percent-decoded, cut, without control characters; empty where the URI has no user. `value` is a URI, a name-addr or
 * an addr-spec with parameters, one character a byte.
 */
export function userOf(value: string): string {
  const start = value.indexOf('<', displayNameEnd(value)) + 1;
  const colon = value.indexOf(':', start);
  if (colon < 0) return '';
  const scheme = value.slice(start, colon).trim().toLowerCase();
  if (!schemes.has(scheme)) return '';
  const user = scheme === 'tel' ? cutAt(value.slice(colon + 1), /[;>]/) : userBeforeHost(value, colon + 1);
  return textOfBytes(percentDecode(user).slice(0, accountLimit));
}

/** A quoted display name may hold a `<` that begins nothing. */
function displayNameEnd(value: string): number {
  if (!/^\s*"/.test(value)) return 0;
  return /^\s*"(?:[^"\\]|\\.)*"/s.exec(value)?.[0].length ?? 0;
}

function userBeforeHost(value: string, start: number): string {
  const at = value.indexOf('@', start);
  const user = value.slice(start, Math.max(start, at));
  return user.includes('>') ? '' : cutAt(user, /:/);
}

function cutAt(text: string, delimiter: RegExp): string {
  const index = text.search(delimiter);
  return index < 0 ? text : text.slice(0, index);
}

function percentDecode(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-9a-f]{2})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
