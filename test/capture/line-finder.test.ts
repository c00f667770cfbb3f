import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findLines, initials, lines } from '../../src/capture/line-finder.ts';

function found(text: string): string[] {
  const bytes = Buffer.from(text, 'latin1');
  const count = findLines(bytes);
  return Array.from({ length: count }, (_, line) =>
    bytes.toString('latin1', lines[2 * line]!, lines[2 * line + 1]!),
  );
}

/** The same in few words and many steps. */
function expected(text: string): string[] {
  const found: string[] = [];
  let rest = text.replace(/^[\x00-\x20]*/, '');
  while (rest !== '' && !/^[\r\n]/.test(rest)) {
    const line = /^(?:[^\r\n]|(?:\r\n|\r|\n)(?=[ \t]))*/.exec(rest)?.[0] ?? '';
    found.push(line);
    rest = rest.slice(line.length).replace(/^(?:\r\n|\r|\n)/, '');
  }
  return found;
}

test('finds the lines up to the empty one, folded lines as one', () => {
  expect(found('\r\n A: 1\r\nB: 2\r\n\t3\nC: 4\rD\r\n\r\nbody\r\n')).toEqual([
    'A: 1',
    'B: 2\r\n\t3',
    'C: 4',
    'D',
  ]);
  expect([...initials.subarray(0, 4)]).toEqual([...Buffer.from('abcd')]);
});

test('knows nothing any more of a longer message before', () => {
  found('A: 1\r\nB: 2\r\nC: 3\r\n\r\n');
  expect(found('A')).toEqual(['A']);
  expect(found('A\r')).toEqual(['A']);
  expect(found('')).toEqual([]);
});

test('looks at sixteen KiB and no further', () => {
  const text = `${'a'.repeat(16_383)}\n${'b'.repeat(10)}`;
  expect(found(text).map((line) => line.length)).toEqual([16_383]);
  expect(found('\n'.repeat(20_000))).toEqual([]);
  expect(found('a\n'.repeat(20_000))).toHaveLength(8_192);
});

test('finds what a slow reader finds, wherever the line ends lie and whatever stands between them', () => {
  const piece = fc.constantFrom(
    '\r',
    '\n',
    '\r\n',
    ' ',
    '\t',
    '\0',
    '\x0b',
    '\x0d',
    'a',
    'bc',
    'def',
    '\x80',
    'é',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('');
      expect(found(text)).toEqual(expected(text));
    }),
    { numRuns: 5_000 },
  );
});
