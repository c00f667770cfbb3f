// Where each header of the message that was looked at last has its value: found in one pass over its lines, so that asking
// for one costs nothing. It works in memory of its own (one message at a time, as everything in the sidecar).
import { initials, lines, skipBlanks } from './line-finder.ts';

/** Long and compact names (RFC 3261 §7.3.3); of credentials and challenges the two that there are. */
const names = {
  via: ['via', 'v'],
  from: ['from', 'f'],
  to: ['to', 't'],
  'call-id': ['call-id', 'i'],
  cseq: ['cseq'],
  'user-agent': ['user-agent'],
  contact: ['contact', 'm'],
  expires: ['expires'],
  'content-length': ['content-length', 'l'],
  credentials: ['authorization', 'proxy-authorization'],
  challenges: ['www-authenticate', 'proxy-authenticate'],
} as const;
export type SipHeader = keyof typeof names;

const headers = Object.keys(names) as SipHeader[];
const numbers = Object.fromEntries(headers.map((header, index) => [header, index])) as Record<
  SipHeader,
  number
>;

interface Name {
  readonly header: number;
  /** Its bytes, in small letters. */
  readonly letters: readonly number[];
}

/** By the name's first byte. */
const namesByInitial: readonly (readonly Name[] | undefined)[] = groupNames();

const colonCode = 58;

/** Of each header its first and its last entry in the arrays below; -1 where it is absent. */
const first = new Int32Array(headers.length);
const last = new Int32Array(headers.length);
/** Of each line that bears one of the names, one behind the other. */
const headerOf = new Uint8Array(initials.length);
const starts = new Int32Array(initials.length);
const ends = new Int32Array(initials.length);

/** Of the `lineCount` lines that the line finder found in `bytes`; the first of them is the start line. */
export function indexHeaders(bytes: Buffer, lineCount: number): void {
  first.fill(-1);
  last.fill(-1);
  let known = 0;
  for (let line = 1; line < lineCount; line += 1) {
    const candidates = namesByInitial[initials[line]!];
    if (!candidates) continue;
    const start = lines[2 * line]!;
    const end = lines[2 * line + 1]!;
    for (const { header, letters } of candidates) {
      const value = valueAfter(bytes, start, end, letters);
      if (value < 0) continue;
      headerOf[known] = header;
      starts[known] = value;
      ends[known] = trimEnd(bytes, value, end);
      if (first[header]! < 0) first[header] = known;
      last[header] = known;
      known += 1;
      break;
    }
  }
}

/** Bytes `start` to `end` of the message. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** Of several headers of a name the last counts, of Via the first, as in Asterisk (pjsip, sip_parser.c). */
export function findHeader(header: SipHeader): Part | undefined {
  const entry = (header === 'via' ? first : last)[numbers[header]]!;
  return entry < 0 ? undefined : { start: starts[entry]!, end: ends[entry]! };
}

export function hasHeader(header: SipHeader): boolean {
  return first[numbers[header]]! >= 0;
}

/** In the order of the message. */
export function findHeaders(header: SipHeader): readonly Part[] {
  const number = numbers[header];
  if (first[number]! < 0) return none;
  const parts: Part[] = [];
  for (let entry = first[number]!; entry <= last[number]!; entry += 1) {
    if (headerOf[entry] === number) parts.push({ start: starts[entry]!, end: ends[entry]! });
  }
  return parts;
}

const none: readonly Part[] = [];

/**
 * Where the value begins, -1 where the line does not bear the name. Setting bit 5 makes letters small and leaves a hyphen
 * as it is; what else it would make one of them (a CR a hyphen) cannot stand inside a line.
 */
function valueAfter(bytes: Buffer, start: number, end: number, name: readonly number[]): number {
  const after = start + name.length;
  if (after >= end || (bytes[after] !== colonCode && bytes[after]! > 32)) return -1;
  for (let index = 0; index < name.length; index += 1) {
    if ((bytes[start + index]! | 32) !== name[index]) return -1;
  }
  const colon = skipBlanks(bytes, after, end);
  return colon < end && bytes[colon] === colonCode ? skipBlanks(bytes, colon + 1, end) : -1;
}

export function trimEnd(bytes: Buffer, start: number, end: number): number {
  let at = end;
  while (at > start && bytes[at - 1]! <= 32) at -= 1;
  return at;
}

function groupNames(): Name[][] {
  const groups: Name[][] = [];
  for (const header of headers) {
    for (const name of names[header]) {
      const letters = [...Buffer.from(name)];
      const initial = letters[0]!;
      groups[initial] = [...(groups[initial] ?? []), { header: numbers[header], letters }];
    }
  }
  return groups;
}
