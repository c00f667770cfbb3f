// Files of one recording are played in the order in which it happened.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { playInOrder, type Recorded } from '../src/recording.ts';

async function* chunksOf(times: readonly number[], size: number, played: number[]) {
  for (let at = 0; at < times.length; at += size) {
    yield times.slice(at, at + size).map((time): Recorded => ({ time, play: () => void played.push(time) }));
    // A chunk may hold nothing whole.
    yield [];
  }
}

const sorted = (times: readonly number[]) => times.toSorted((one, other) => one - other);

test('whatever chunks they are read in', async () => {
  const file = fc.tuple(fc.array(fc.nat(100)), fc.integer({ min: 1, max: 5 }));
  await fc.assert(
    fc.asyncProperty(fc.array(file, { maxLength: 4 }), async (files) => {
      const played: number[] = [];
      await playInOrder(files.map(([times, size]) => chunksOf(sorted(times), size, played)));
      expect(played).toEqual(sorted(files.flatMap(([times]) => times)));
    }),
  );
});

test('and of what happened at once that of the first file comes first', async () => {
  const played: string[] = [];
  async function* file(name: string) {
    yield [{ time: 1, play: () => void played.push(name) }];
  }
  await playInOrder([file('packets'), file('events')]);
  expect(played).toEqual(['packets', 'events']);
});

test('and a file that is out of order delays nothing of the others for good', async () => {
  const played: number[] = [];
  await playInOrder([chunksOf([5, 1, 9], 2, played), chunksOf([2, 6], 1, played)]);
  expect(sorted(played)).toEqual([1, 2, 5, 6, 9]);
});
