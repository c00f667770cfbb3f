import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createTally } from '../../src/capture/tally.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('tells all changes of five seconds once, and nothing while nothing changes', () => {
  const told: object[] = [];
  const tally = createTally((counters) => told.push(counters) > 0);
  tally.add('packets', 2);
  tally.add('packets');
  tally.add('shed', 0);
  jest.advanceTimersByTime(4_999);
  expect(told).toEqual([]);
  jest.advanceTimersByTime(60_000);
  expect(told).toEqual([{ packets: 3, shed: 0 }]);
});

test('tells again what could not be told', () => {
  let isFull = true;
  const told: object[] = [];
  const tally = createTally((counters) => !isFull && told.push(counters) > 0);
  tally.add('shed', 5);
  jest.advanceTimersByTime(5_000);
  isFull = false;
  jest.advanceTimersByTime(5_000);
  expect(told).toEqual([{ shed: 5 }]);
});

test('keeps a bounded number of names', () => {
  const tally = createTally(() => true);
  for (let index = 0; index < 10_000; index += 1) tally.add(`reason ${index}`);
  const totals = tally.totals();
  expect(Object.keys(totals).length).toBeLessThanOrEqual(151);
  expect(totals.other).toBe(10_000 - 150);
});
