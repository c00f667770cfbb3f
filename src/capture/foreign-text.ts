// Text that a stranger wrote, made safe to keep and to show. It is never parsed again for an address or a command.
import { foreignTextLimit } from '../model/observation.ts';

const plain = /^[\x20-\x7e]*$/;
/** Control and format characters (bidirectional overrides among them), line and paragraph separators. */
const unshowable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * `bytes` (one character each) read as UTF-8, without control characters, a tab as a blank, cut to `foreignTextLimit`
 * characters. Plain ASCII comes back as it is.
 */
export function textOfBytes(bytes: string): string {
  if (bytes.length <= foreignTextLimit && plain.test(bytes)) return bytes;
  const text = Buffer.from(bytes.slice(0, 4 * foreignTextLimit), 'latin1').toString('utf8');
  return text.replaceAll('\t', ' ').replace(unshowable, '').slice(0, foreignTextLimit).toWellFormed();
}

/** A copy to keep: a slice of a message keeps the whole message alive. V8 itself copies slices below 13 characters. */
export function ownText(text: string): string {
  return text.length < 13 ? text : Buffer.from(text).toString();
}
