// Real recordings of the manager interface, changed as faults, proxies and callers who write events might change them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

/** One change; `at` and `length` are parts of the whole, from 0 to 1. */
export interface Mutation {
  readonly how: 'cut' | 'repeat' | 'insert' | 'flip' | 'swap' | 'splice';
  readonly at: number;
  readonly length: number;
  /** What is inserted, or the other recording. */
  readonly which: number;
}

const folder = 'fixtures/ami/asterisk22';
export const recordings: readonly string[] = readdirSync(folder)
  .toSorted()
  .map((name) => readFileSync(join(folder, name), 'latin1').slice(0, 16_384));

/** What a caller would write to end a line, an event, or the address that it is about. */
const inserted = [
  '\r\n',
  '\r',
  '\n',
  '\r\n\r\n',
  '\r\nRemoteAddress: IPV4/UDP/192.0.2.99/5060',
  '\r\n\r\nEvent: ChallengeResponseFailed\r\nPrivilege: security,all\r\n',
  'Event: SuccessfulAuth\r\n',
  'Response: Success\r\n',
  ': ',
  '\0',
  'x'.repeat(70_000),
  'H: x\r\n'.repeat(300),
];

export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({
    how: fc.constantFrom('cut', 'repeat', 'insert', 'flip', 'swap', 'splice'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.double({ min: 0, max: 0.2, noNaN: true }),
    which: fc.nat(10_000),
  }),
  { minLength: 1, maxLength: 5 },
);

export function mutate(recording: string, changes: readonly Mutation[]): string {
  return changes.reduce(change, recording);
}

function change(text: string, { how, at, length, which }: Mutation): string {
  const from = Math.floor(at * text.length);
  const to = Math.min(text.length, from + Math.ceil(length * text.length));
  const [head, piece, tail] = [text.slice(0, from), text.slice(from, to), text.slice(to)];
  switch (how) {
    case 'cut':
      return head + tail;
    case 'repeat':
      return head + piece + piece + tail;
    case 'insert':
      return head + inserted[which % inserted.length] + piece + tail;
    case 'flip':
      return head + String.fromCharCode(which % 256) + text.slice(from + 1);
    case 'swap':
      return swapLines(text, from, which);
    case 'splice':
      return head + recordings[which % recordings.length]!.slice(from);
  }
}

function swapLines(text: string, from: number, which: number): string {
  const lines = text.split('\r\n');
  const [one, other] = [Math.floor((from / (text.length + 1)) * lines.length), which % lines.length];
  [lines[one], lines[other]] = [lines[other]!, lines[one]!];
  return lines.join('\r\n');
}
