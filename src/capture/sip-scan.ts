// Reads a SIP message's start line, and of its headers only what is asked for. It never throws, judges no grammar, and
// takes no address out of a message.
import { textOf } from './foreign-text.ts';
import { findHeader, findHeaders, indexHeaders, type Part, type SipHeader, trimEnd } from './header-index.ts';
import { findLines, lines, skipBlanks } from './line-finder.ts';

/** Valid until the next scan and no longer than the bytes that were scanned. */
export interface SipScan {
  readonly bytes: Buffer;
  /** 0 for a request. */
  readonly status: number;
  /** Of the line finder's lines; the first is the start line. */
  readonly lineCount: number;
}

const carriageReturn = 13;
const newline = 10;

/**
 * Undefined where the bytes do not begin as a SIP/2.0 message. As tolerant as Asterisk: leading blanks and
 * line breaks, lines that end in CR LF, LF or CR alone, folded lines, compact names, any case, blanks before the colon.
 */
export function scanSip(bytes: Buffer): SipScan | undefined {
  const lineCount = findLines(bytes);
  const status = lineCount === 0 ? undefined : readStartLine(bytes, lines[0]!, lines[1]!);
  if (status === undefined) return undefined;
  indexHeaders(bytes, lineCount);
  return { bytes, status, lineCount };
}

/** In upper case, clean; of requests only. */
export function methodOf(scan: SipScan): string {
  const start = lines[0]!;
  let end = start;
  while (end < lines[1]! && scan.bytes[end]! > 32) end += 1;
  return textOf(scan.bytes, start, end).toUpperCase();
}

/** Of requests only; as headerBytes. */
export function requestUri(scan: SipScan): string {
  const line = scan.bytes.toString('latin1', lines[0], lines[1]);
  return /\s.*\s/s.exec(line.trim())?.[0].trim() ?? '';
}

/** As headerBytes. */
export function startLineBytes(scan: SipScan): string {
  return bytesOf(scan.bytes, lines[0]!, lines[1]!);
}

/** Whether the empty line that ends the headers is there. */
export function isWhole({ bytes, lineCount }: SipScan): boolean {
  const end = lines[2 * lineCount - 1]!;
  const next = bytes[end] === carriageReturn && bytes[end + 1] === newline ? end + 2 : end + 1;
  return bytes[next] === carriageReturn || bytes[next] === newline;
}

export function startLine({ bytes }: SipScan): Part {
  return { start: lines[0]!, end: trimEnd(bytes, lines[0]!, lines[1]!) };
}

/** A header's value, one character a byte, neither cut nor cleaned; empty where it is absent. */
export function headerBytes({ bytes }: SipScan, header: SipHeader): string {
  const part = findHeader(header);
  return part ? bytesOf(bytes, part.start, part.end) : '';
}

/** Clean text of a header, cut to `foreignTextLimit`; a string of its own, which may be kept. */
export function headerText({ bytes }: SipScan, header: SipHeader): string {
  const part = findHeader(header);
  return part ? textOf(bytes, part.start, part.end) : '';
}

/** As headerBytes: all headers of that name, in the order of the message. */
export function allHeaderBytes({ bytes }: SipScan, header: SipHeader): readonly string[] {
  return findHeaders(header).map(({ start, end }) => bytesOf(bytes, start, end));
}

const bytesOf = (bytes: Buffer, start: number, end: number) => bytes.toString('latin1', start, end);

/** The status, 0 for a request, undefined where it is neither. */
function readStartLine(bytes: Buffer, start: number, lineEnd: number): number | undefined {
  const end = trimEnd(bytes, start, lineEnd);
  if (!isVersionAt(bytes, start, end)) {
    return isVersionAt(bytes, end - 7, end) && bytes[end - 8]! <= 32 ? 0 : undefined;
  }
  const at = skipBlanks(bytes, start + 7, end);
  const digits = bytes.toString('latin1', at, Math.min(at + 4, end));
  return /^[1-6]\d\d(?!\S)/.test(digits) ? Number.parseInt(digits, 10) : undefined;
}

/** `SIP/2.0` in any case. */
function isVersionAt(bytes: Buffer, at: number, end: number): boolean {
  return (
    at >= 0 &&
    at + 7 <= end &&
    (bytes[at]! | 32) === 115 &&
    (bytes[at + 1]! | 32) === 105 &&
    (bytes[at + 2]! | 32) === 112 &&
    bytes[at + 3] === 47 &&
    bytes[at + 4] === 50 &&
    bytes[at + 5] === 46 &&
    bytes[at + 6] === 48
  );
}
