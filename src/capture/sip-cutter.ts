// Cuts SIP messages out of a byte stream (RFC 3261 §18.3). It reads the start line and Content-Length, nothing more,
// and keeps at most one unfinished message.
import type { Discard } from './packet.ts';

export interface SipCutter {
  /** The bytes that follow those before. A message is proven where all pieces that it came in were. */
  push(bytes: Buffer, isProven: boolean): void;
  /** Bytes are lost here: what follows counts only from a piece that begins with a start line. */
  lose(): void;
  /** Whether the next bytes continue what is known. */
  readonly isSynced: boolean;
  /** Bytes kept, at most `longestMessage`. */
  readonly kept: number;
}

export interface SipCutterOptions {
  /** The bytes are a view, valid during the call. */
  onMessage(bytes: Buffer, isProven: boolean): void;
  readonly discard: Discard;
  /** The first bytes of the stream are no SIP. The bytes are a view, valid during the call. */
  onForeign?(bytes: Buffer, isProven: boolean): void;
  /** Whether the first bytes begin a message for certain. */
  readonly isSynced: boolean;
}

export const longestMessage = 65_536;

const tooLong = 'tcp: a message over 64 KiB';
const newline = 10;
const carriageReturn = 13;
const space = 32;
const tab = 9;
const colon = 58;
const nothing = Buffer.alloc(0);

export function createSipCutter({ onMessage, onForeign, discard, isSynced }: SipCutterOptions): SipCutter {
  let isInSync = isSynced;
  let isAtBeginning = isSynced;
  /** The unfinished message, from its first byte. */
  let tail = nothing;
  let isTailProven = true;
  /** All three are offsets from the message's first byte; 0 where not found yet. */
  let lineStart = 0;
  let lengthAt = 0;
  let bodyStart = 0;

  function push(bytes: Buffer, isProven: boolean): void {
    isInSync ||= beginsMessage(bytes);
    if (isInSync) take(bytes, isProven);
    else if (skipLineBreaks(bytes, 0) < bytes.length)
      discard('tcp: bytes that belong to no message we saw begin');
  }

  function take(bytes: Buffer, isProven: boolean): void {
    const data = tail.length === 0 ? bytes : Buffer.concat([tail, bytes]);
    isTailProven = isProven && (tail.length === 0 || isTailProven);
    const rest = cut(data, isProven);
    if (rest < 0) return;
    // A copy, since the bytes lie in a buffer that is used again.
    tail = rest === data.length ? nothing : Buffer.from(data.subarray(rest));
    if (tail.length > longestMessage) fail(tooLong);
  }

  /** Returns where the unfinished message begins, or -1 where it is none. */
  function cut(data: Buffer, isProven: boolean): number {
    let start = tail.length === 0 ? skipLineBreaks(data, 0) : 0;
    while (start < data.length) {
      const problem = readHeaders(data, start);
      if (problem) {
        if (isAtBeginning) onForeign?.(data.subarray(start), isTailProven);
        return fail(problem);
      }
      if (bodyStart === 0) return start;
      const size = bodyStart + contentLength(data, start);
      if (size > longestMessage) return fail(tooLong);
      if (start + size > data.length) return start;
      onMessage(data.subarray(start, start + size), isTailProven);
      isAtBeginning = false;
      forget();
      isTailProven = isProven;
      start = skipLineBreaks(data, start + size);
    }
    return start;
  }

  /** Goes on where it stopped for want of bytes. */
  function readHeaders(data: Buffer, start: number): string | undefined {
    while (bodyStart === 0) {
      const from = start + lineStart;
      const end = data.indexOf(newline, from);
      if (end < 0) return undefined;
      if (lineStart === 0) {
        if (!isStartLine(data, from, end)) return 'tcp: bytes that are not SIP';
      } else if (end === from || (end === from + 1 && data[from] === carriageReturn)) {
        bodyStart = end + 1 - start;
      } else if (lengthAt === 0) {
        const value = contentLengthValue(data, from, end);
        if (value > 0) lengthAt = value - start;
      }
      lineStart = end + 1 - start;
    }
    return undefined;
  }

  /** 0 where there is no such header, or where it bears no number. */
  function contentLength(data: Buffer, start: number): number {
    if (lengthAt === 0) return 0;
    let length = 0;
    let at = skipBlanks(data, start + lengthAt, start + bodyStart);
    // The value may be folded onto the next line.
    while (isLineBreak(data[at])) at = skipBlanks(data, at + 1, start + bodyStart);
    for (; at < start + bodyStart && isDigit(data[at]); at += 1) {
      length = Math.min(length * 10 + data[at]! - 48, longestMessage + 1);
    }
    return length;
  }

  function lose(): void {
    if (bodyStart > 0) {
      // What matters most is all there.
      onMessage(tail, isTailProven);
    } else if (tail.length > 0) {
      discard('tcp: a message with a gap');
    }
    tail = nothing;
    forget();
    isInSync = false;
    isAtBeginning = false;
  }

  function fail(reason: string): -1 {
    discard(reason);
    tail = nothing;
    forget();
    isInSync = false;
    isAtBeginning = false;
    return -1;
  }

  function forget(): void {
    lineStart = 0;
    lengthAt = 0;
    bodyStart = 0;
  }

  return {
    push,
    lose,
    get isSynced() {
      return isInSync;
    },
    get kept() {
      return tail.length;
    },
  };
}

/** Whether a piece of a stream begins with a whole start line of SIP; keep-alives may stand before it. */
export function beginsMessage(bytes: Buffer): boolean {
  const start = skipLineBreaks(bytes, 0);
  const end = bytes.indexOf(newline, start);
  return end > 0 && isStartLine(bytes, start, end);
}

/** `SIP/2.0 ...` or `... SIP/2.0` (RFC 3261 §7.1, §7.2), in any case. */
function isStartLine(bytes: Buffer, start: number, end: number): boolean {
  if (isWord(bytes, start, end, 'sip/2.0 ')) return true;
  let last = end;
  while (last > start && (isLineBreak(bytes[last - 1]) || isBlank(bytes[last - 1]))) last -= 1;
  return last - start > 12 && !isBlank(bytes[start]) && isWord(bytes, last - 8, last, ' sip/2.0');
}

/** Where the value of a Content-Length (or `l`) header begins, or 0 where the line is another. */
function contentLengthValue(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start]! | 0x20;
  let at = start + 1;
  if (first === 0x63 && isWord(bytes, start, end, 'content-length')) at = start + 14;
  else if (first !== 0x6c) return 0;
  at = skipBlanks(bytes, at, end);
  return bytes[at] === colon ? at + 1 : 0;
}

/** `word` is in lower case. */
function isWord(bytes: Buffer, start: number, end: number, word: string): boolean {
  if (start < 0 || end - start < word.length) return false;
  for (let index = 0; index < word.length; index += 1) {
    const byte = bytes[start + index]!;
    const lower = byte >= 65 && byte <= 90 ? byte | 0x20 : byte;
    if (lower !== word.charCodeAt(index)) return false;
  }
  return true;
}

function skipLineBreaks(bytes: Buffer, from: number): number {
  let at = from;
  while (isLineBreak(bytes[at])) at += 1;
  return at;
}

function skipBlanks(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && isBlank(bytes[at])) at += 1;
  return at;
}

function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === tab;
}

function isLineBreak(byte: number | undefined): boolean {
  return byte === newline || byte === carriageReturn;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}
