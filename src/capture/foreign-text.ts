// Text that a stranger wrote, made safe to keep and to show. It is never parsed again for an address or a command.
import { foreignTextLimit } from '../model/observation.ts';

/** Control and format characters (bidirectional overrides among them), line and paragraph separators. */
const unshowable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** As textOfBytes, of a part of a message; a string of its own, which may be kept. */
export function textOf(bytes: Buffer, start: number, end: number, limit = foreignTextLimit): string {
  let at = start;
  const plainEnd = Math.min(end, start + limit + 1);
  while (at < plainEnd && bytes[at]! >= 32 && bytes[at]! < 127) at += 1;
  const isPlain = at === end && end - start <= limit;
  const text = bytes.toString('latin1', start, isPlain ? end : Math.min(end, start + 4 * limit));
  return isPlain ? text : textOfBytes(text, limit);
}

/**
 * `bytes` (one character each) read as UTF-8, without control characters, a tab as a blank, cut to `limit` characters.
 * Plain ASCII comes back as it is.
 */
export function textOfBytes(bytes: string, limit = foreignTextLimit): string {
  if (bytes.length <= limit && isPlain(bytes)) return bytes;
  const text = Buffer.from(bytes.slice(0, 4 * limit), 'latin1').toString('utf8');
  return text.replaceAll('\t', ' ').replace(unshowable, '').slice(0, limit).toWellFormed();
}

function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 32 || code > 126) return false;
  }
  return true;
}

/**
 * A copy to keep: a slice of a message keeps the whole message alive. V8 itself copies slices below 13 characters, and
 * joins two strings in a new one before it takes a part of them.
 */
export function ownText(text: string): string {
  return text.length < 13 ? text : ` ${text}`.slice(1);
}
