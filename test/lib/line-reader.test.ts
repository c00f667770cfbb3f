import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createLineReader } from '../../src/lib/line-reader.ts';

function read(limit: number, chunks: readonly Buffer[]) {
  const lines: string[] = [];
  let tooLong = 0;
  const reader = createLineReader(
    limit,
    (line) => lines.push(line),
    () => {
      tooLong += 1;
    },
  );
  for (const chunk of chunks) reader.push(chunk);
  return { lines, tooLong };
}

test('gives a line of exactly the limit and refuses one byte more', () => {
  expect(read(4, [Buffer.from('1234\n12345\n')])).toEqual({ lines: ['1234'], tooLong: 1 });
});

test('keeps a line back until it is whole', () => {
  expect(read(9, [Buffer.from('ab'), Buffer.from('c'), Buffer.from('\nd')]).lines).toEqual(['abc']);
});

test('gives what splitting the whole text gives, wherever the chunks are cut', () => {
  const text = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '\n'), maxLength: 12 }));
  fc.assert(
    fc.property(text, fc.nat(8), (parts, limit) => {
      const whole = parts.join('').split('\n').slice(0, -1);
      const bytes = parts.flatMap((part) => [...Buffer.from(part)].map((byte) => Buffer.from([byte])));
      const fits = (line: string) => Buffer.byteLength(line) <= limit;
      expect(read(limit, bytes).lines).toEqual(whole.filter(fits));
    }),
  );
});
