import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { watchSets } from '../../src/enforce/ipset-watch.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** What is told of a set that holds so many members at each look. */
async function told(name: string, counts: readonly number[]) {
  const said: string[] = [];
  const looks = counts.values();
  const read = async () => {
    const members = looks.next().value ?? 0;
    return new Map([[name, { name, made: '', references: 1, members }]]);
  };
  const stop = watchSets(read, (touched) => said.push(touched));
  await jest.advanceTimersByTimeAsync(3_000 * (counts.length - 1));
  stop();
  return said;
}

test('a set that lost more than half of its members at once was flushed', async () => {
  expect(await told('sw-ban4', [100, 90, 10])).toEqual(['members']);
});

test('the first one whom the kernel slows is looked at', async () => {
  expect(await told('sw-invite6', [0, 0, 3, 5])).toEqual(['members']);
});

test('who asked for a file is forgotten in seconds, and that is no flush', async () => {
  expect(await told('sw-asked4', [300, 0, 200, 1])).toEqual([]);
});
