// Reads the digest parameters of Authorization, WWW-Authenticate and their Proxy- forms (RFC 2617, RFC 7616).
// Anything goes in, nothing is thrown; it checks no digest and knows no password.
import { textOfBytes } from './foreign-text.ts';

const parameterNames = ['username', 'realm', 'nonce', 'uri', 'response', 'stale'] as const;
type ParameterName = (typeof parameterNames)[number];
/** Clean texts, cut to `foreignTextLimit`; they may be views of the message. */
export type Digest = Partial<Record<ParameterName, string>>;

const known = new Map<string, ParameterName>(parameterNames.map((name) => [name, name]));
const scheme = /^\s*digest(?=[\s,]|$)/i;
const quote = 34;
const backslash = 92;
const comma = 44;

/**
 * Undefined where the scheme is not Digest. `value` holds one character a byte. Of a repeated parameter the first
 * counts; what is not `name=value` or `name="value"` is passed over.
 */
export function readDigest(value: string): Digest | undefined {
  const begin = scheme.exec(value);
  if (!begin) return undefined;
  const digest: Digest = {};
  let at = begin[0].length;
  for (;;) {
    const equals = value.indexOf('=', at);
    if (equals < 0) return digest;
    const name = known.get(nameBefore(value, at, equals).toLowerCase());
    const start = skipBlanks(value, equals + 1);
    const isQuoted = value.charCodeAt(start) === quote;
    const end = isQuoted ? quotedEnd(value, start + 1) : bareEnd(value, start);
    if (name && digest[name] === undefined) {
      digest[name] = textOfBytes(
        isQuoted ? withoutEscapes(value.slice(start + 1, end)) : value.slice(start, end),
      );
    }
    at = isQuoted ? end + 1 : end;
  }
}

function nameBefore(value: string, from: number, equals: number): string {
  let end = equals;
  while (end > from && isBlank(value.charCodeAt(end - 1))) end -= 1;
  let start = end;
  while (start > from && !isBoundary(value.charCodeAt(start - 1))) start -= 1;
  return value.slice(start, end);
}

/** Where the closing quote is, or the end. */
function quotedEnd(value: string, from: number): number {
  let at = from;
  while (at < value.length && value.charCodeAt(at) !== quote)
    at += value.charCodeAt(at) === backslash ? 2 : 1;
  return Math.min(at, value.length);
}

function bareEnd(value: string, from: number): number {
  let at = from;
  while (at < value.length && !isBoundary(value.charCodeAt(at))) at += 1;
  return at;
}

/** A backslash takes the next character as it is (RFC 3261 §25.1). */
function withoutEscapes(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.?)/gs, '$1') : text;
}

function skipBlanks(value: string, from: number): number {
  let at = from;
  while (isBlank(value.charCodeAt(at))) at += 1;
  return at;
}

function isBoundary(code: number): boolean {
  return code === comma || code === quote || isBlank(code);
}

function isBlank(code: number): boolean {
  return code <= 32;
}
