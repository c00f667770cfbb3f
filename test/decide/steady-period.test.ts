import { expect, test } from '@jest/globals';
import { steadyPeriodOf } from '../../src/decide/steady-period.ts';

const every = (ms: number, count: number, jitter = (_index: number) => 0) =>
  Array.from({ length: count }, (_, index) => index * ms + jitter(index));

test('is the median pause of tries that come evenly', () => {
  expect(steadyPeriodOf(every(30_000, 8))).toBe(30_000);
  expect(steadyPeriodOf(every(30_000, 8, (index) => (index % 3) * 1_000))).toBe(31_000);
});

test('counts a try that fails twice at once as one', () => {
  expect(steadyPeriodOf(every(10_000, 6).flatMap((time) => [time, time + 50]))).toBe(10_000);
});

test.each([
  ['too few tries', every(30_000, 3)],
  ['none', []],
  ['one long pause', [...every(5_000, 6), 100_000]],
  ['one short pause', [...every(5_000, 6), 26_000]],
  ['a burst', every(10, 50)],
])('is nothing where there is %s', (_what, times) => {
  expect(steadyPeriodOf(times)).toBeUndefined();
});
