// Reads a SIP message's start line, and of its headers only what is asked for. It never throws, judges no grammar, and
// takes no address out of a message.
import { textOf } from './foreign-text.ts';
import { findLines, initials, lines, skipBlanks } from './line-finder.ts';

/** Valid until the next scan and no longer than the bytes that were scanned. */
export interface SipScan {
  readonly bytes: Buffer;
  /** 0 for a request. */
  readonly status: number;
  /** Of the line finder's lines; the first is the start line. */
  readonly lineCount: number;
}

const colonCode = 58;
const carriageReturn = 13;
const newline = 10;

/** Bytes of a header's name in small letters. */
type HeaderName = readonly number[];

const names = {
  via: namesOf('via', 'v'),
  from: namesOf('from', 'f'),
  to: namesOf('to', 't'),
  'call-id': namesOf('call-id', 'i'),
  cseq: namesOf('cseq'),
  'user-agent': namesOf('user-agent'),
  contact: namesOf('contact', 'm'),
  expires: namesOf('expires'),
  'content-length': namesOf('content-length', 'l'),
  credentials: namesOf('authorization', 'proxy-authorization'),
  challenges: namesOf('www-authenticate', 'proxy-authenticate'),
  contacts: namesOf('contact', 'm'),
} as const;
type RepeatedHeader = 'credentials' | 'challenges' | 'contacts';
type SipHeader = Exclude<keyof typeof names, RepeatedHeader>;

/**
 * Undefined where the bytes do not begin as a SIP/2.0 message. As tolerant as Asterisk: leading blanks and
 * line breaks, lines that end in CR LF, LF or CR alone, folded lines, compact names, any case, blanks before the colon.
 */
export function scanSip(bytes: Buffer): SipScan | undefined {
  const lineCount = findLines(bytes);
  const status = lineCount === 0 ? undefined : readStartLine(bytes, lines[0]!, lines[1]!);
  return status === undefined ? undefined : { bytes, status, lineCount };
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

export function hasHeader(scan: SipScan, header: SipHeader): boolean {
  const [one, other] = names[header];
  for (let line = 1; line < scan.lineCount; line += 1) {
    if (initials[line] !== one[0] && initials[line] !== other[0]) continue;
    if (valueStart(scan, line, one, other) >= 0) return true;
  }
  return false;
}

/** A header's value, one character a byte, neither cut nor cleaned; empty where it is absent. */
export function headerBytes(scan: SipScan, header: SipHeader): string {
  return readHeader(scan, header, bytesOf);
}

/** Clean text of a header, cut to `foreignTextLimit`; a string of its own, which may be kept. */
export function headerText(scan: SipScan, header: SipHeader): string {
  return readHeader(scan, header, textOf);
}

/** The same to `limit` characters of it. */
export function longHeaderText(scan: SipScan, header: SipHeader, limit: number): string {
  return readHeader(scan, header, (bytes, start, end) => textOf(bytes, start, end, limit));
}

/** Clean text of the first line, cut to `limit` characters. */
export function startLineText(scan: SipScan, limit: number): string {
  return textOf(scan.bytes, lines[0]!, trimEnd(scan.bytes, lines[0]!, lines[1]!), limit);
}

/** As headerBytes: all (Proxy-)Authorization, all WWW- and Proxy-Authenticate, or all Contact headers. */
export function allHeaderBytes(scan: SipScan, header: RepeatedHeader): readonly string[] {
  const [one, other] = names[header];
  let values: string[] | undefined;
  for (let line = 1; line < scan.lineCount; line += 1) {
    if (initials[line] !== one[0] && initials[line] !== other[0]) continue;
    const value = valueStart(scan, line, one, other);
    if (value < 0) continue;
    values ??= [];
    values.push(bytesOf(scan.bytes, value, valueEnd(scan, line, value)));
  }
  return values ?? none;
}

const none: readonly string[] = [];

type ReadValue = (bytes: Buffer, start: number, end: number) => string;

const bytesOf: ReadValue = (bytes, start, end) => bytes.toString('latin1', start, end);

/** Of several headers of a name the last counts, of Via the first, as in Asterisk (pjsip, sip_parser.c). */
function readHeader(scan: SipScan, header: SipHeader, read: ReadValue): string {
  const [one, other] = names[header];
  const step = header === 'via' ? 1 : -1;
  for (let line = step > 0 ? 1 : scan.lineCount - 1; line > 0 && line < scan.lineCount; line += step) {
    if (initials[line] !== one[0] && initials[line] !== other[0]) continue;
    const value = valueStart(scan, line, one, other);
    if (value >= 0) return read(scan.bytes, value, valueEnd(scan, line, value));
  }
  return '';
}

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

/** Where the line's value begins, -1 where the line bears neither name. */
function valueStart({ bytes }: SipScan, line: number, one: HeaderName, other: HeaderName): number {
  const start = lines[2 * line]!;
  const end = lines[2 * line + 1]!;
  const value = valueAfter(bytes, start, end, one);
  return value < 0 && other !== one ? valueAfter(bytes, start, end, other) : value;
}

function valueEnd(scan: SipScan, line: number, start: number): number {
  return trimEnd(scan.bytes, start, lines[2 * line + 1]!);
}

/**
 * Setting bit 5 makes letters small and leaves a hyphen as it is; what else it would make one of them (a CR a hyphen)
 * cannot stand inside a line.
 */
function valueAfter(bytes: Buffer, start: number, end: number, name: HeaderName): number {
  const after = start + name.length;
  if (after >= end || (bytes[after] !== colonCode && bytes[after]! > 32)) return -1;
  for (let index = 0; index < name.length; index += 1) {
    if ((bytes[start + index]! | 32) !== name[index]) return -1;
  }
  const colon = skipBlanks(bytes, after, end);
  return colon < end && bytes[colon] === colonCode ? skipBlanks(bytes, colon + 1, end) : -1;
}

function namesOf(long: string, short = long): readonly [HeaderName, HeaderName] {
  const name = [...Buffer.from(long)];
  return [name, short === long ? name : [...Buffer.from(short)]];
}

function trimEnd(bytes: Buffer, start: number, end: number): number {
  let at = end;
  while (at > start && bytes[at - 1]! <= 32) at -= 1;
  return at;
}
