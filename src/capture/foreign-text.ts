// Text that a stranger wrote, made safe to keep and to show. It is never parsed again for an address or a command.
import { foreignTextLimit } from '../model/observation.ts';

/** Control and format characters (bidirectional overrides among them), line and paragraph separators. */
const unshowable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const notPlain = /[^ -~]/;

/** As textOfBytes, of a part of a message; a string of its own, which may be kept. */
export function textOf(bytes: Buffer, start: number, end: number, limit = foreignTextLimit): string {
  const isAsItIs = end - start <= limit && isPlain(bytes, start, end);
  const text = bytes.toString('latin1', start, isAsItIs ? end : Math.min(end, start + 4 * limit));
  return isAsItIs ? text : textOfBytes(text, limit);
}

/** Printable ASCII alone. */
export function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte < 32 || byte > 126) return false;
  }
  return true;
}

/**
 * `bytes` (one character each) read as UTF-8, without control characters, a tab as a blank, cut to `limit` characters.
 * Plain ASCII comes back as it is.
 */
export function textOfBytes(bytes: string, limit = foreignTextLimit): string {
  if (bytes.length <= limit && !notPlain.test(bytes)) return bytes;
  const text = Buffer.from(bytes.slice(0, 4 * limit), 'latin1').toString('utf8');
  return text.replaceAll('\t', ' ').replace(unshowable, '').slice(0, limit).toWellFormed();
}

/**
 * A copy to keep: a slice of a message keeps the whole message alive. V8 itself copies slices below 13 characters, and
 * joins two strings in a new one before it takes a part of them.
 */
export function ownText(text: string): string {
  return text.length < 13 ? text : ` ${text}`.slice(1);
}
