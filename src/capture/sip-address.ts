// The user part of a From, To or URI: the account that a message speaks of, as Asterisk reads it. Never an address.
import { textOfBytes } from './foreign-text.ts';

/** Bytes of an account name that Asterisk keeps (InvalidAccountID's AccountID, res_pjsip of 16 and 22). */
const accountLimit = 36;

/**
 * Percent-decoded, cut, without control characters; empty where the URI has no user. `value` is a URI, a name-addr or
 * an addr-spec with parameters, one character a byte.
 */
export function userOf(value: string): string {
  const uri = value.slice(uriStart(value));
  const scheme = /^\s*([a-z][a-z0-9+.-]*):/i.exec(uri);
  if (!scheme) return '';
  const rest = uri.slice(scheme[0].length);
  const user = scheme[1]!.toLowerCase() === 'tel' ? /^[^;>]*/.exec(rest)?.[0] : /^([^@>]*)@/.exec(rest)?.[1];
  return textOfBytes(percentDecode(beforePassword(user ?? '')).slice(0, accountLimit));
}

/** After the `<` that no quoted display name holds. */
function uriStart(value: string): number {
  const display = /^\s*"(?:[^"\\]|\\.)*"/s.exec(value);
  return value.indexOf('<', display ? display[0].length : 0) + 1;
}

function beforePassword(user: string): string {
  const colon = user.indexOf(':');
  return colon < 0 ? user : user.slice(0, colon);
}

function percentDecode(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-9a-f]{2})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
