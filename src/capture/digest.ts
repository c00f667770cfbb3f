// Reads the digest parameters of Authorization, WWW-Authenticate and their Proxy- forms (RFC 2617, RFC 7616).
// Anything goes in, nothing is thrown; it checks no digest and knows no password.
import { textOfBytes } from './foreign-text.ts';

const parameterNames = ['username', 'nonce', 'response', 'stale'] as const;
/** Clean texts, cut to `foreignTextLimit`; they may be views of the message. */
export type Digest = Readonly<Record<(typeof parameterNames)[number], string | undefined>>;

const known = new Map<string, number>(parameterNames.map((name, place) => [name, place]));
/** Most parameters are of no use here, and most of them show it by the length of their name. */
const nameLengths = new Set(parameterNames.map((name) => name.length));
const scheme = 'digest';
const quote = 34;
const backslash = 92;
const comma = 44;

/**
 * Undefined where the scheme is not Digest. `value` holds one character a byte. Of a repeated parameter the first
 * counts; what is not `name=value` or `name="value"` is passed over.
 */
export function readDigest(value: string): Digest | undefined {
  const begin = skipBlanks(value, 0);
  let at = begin + scheme.length;
  const isDigest = value.slice(begin, at).toLowerCase() === scheme;
  if (!isDigest || (at < value.length && !isBoundary(value.charCodeAt(at)))) return undefined;
  const found: (string | undefined)[] = [undefined, undefined, undefined, undefined];
  const hasEscapes = value.includes('\\');
  for (;;) {
    const equals = value.indexOf('=', at);
    if (equals < 0) return { username: found[0], nonce: found[1], response: found[2], stale: found[3] };
    const place = parameterBefore(value, at, equals);
    const start = skipBlanks(value, equals + 1);
    const isQuoted = value.charCodeAt(start) === quote;
    const end = isQuoted ? quotedEnd(value, start + 1, hasEscapes) : bareEnd(value, start);
    if (place !== undefined && found[place] === undefined) {
      const text = value.slice(isQuoted ? start + 1 : start, end);
      found[place] = textOfBytes(isQuoted && hasEscapes ? withoutEscapes(text) : text);
    }
    at = isQuoted ? end + 1 : end;
  }
}

function parameterBefore(value: string, from: number, equals: number): number | undefined {
  let end = equals;
  while (end > from && isBlank(value.charCodeAt(end - 1))) end -= 1;
  let start = end;
  while (start > from && !isBoundary(value.charCodeAt(start - 1))) start -= 1;
  return nameLengths.has(end - start) ? known.get(value.slice(start, end).toLowerCase()) : undefined;
}

/** Where the closing quote is, or the end. */
function quotedEnd(value: string, from: number, hasEscapes: boolean): number {
  if (!hasEscapes) {
    const end = value.indexOf('"', from);
    return end < 0 ? value.length : end;
  }
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
  return text.replace(/\\(.?)/gs, '$1');
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
