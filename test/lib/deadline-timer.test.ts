import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createDeadlineTimer } from '../../src/lib/deadline-timer.ts';

beforeEach(() => void jest.useFakeTimers({ now: 1_000 }));
afterEach(() => void jest.useRealTimers());

function timerFor(deadlines: number[], leastMs?: number) {
  const woken: number[] = [];
  const timer = createDeadlineTimer({
    nextDeadline: () => deadlines[0],
    wake() {
      woken.push(Date.now());
      while (deadlines[0] !== undefined && deadlines[0] <= Date.now()) deadlines.shift();
    },
    now: Date.now,
    ...(leastMs !== undefined && { leastMs }),
  });
  return { timer, woken };
}

test('wakes at each deadline, and sets no timer while there is none', () => {
  const { timer, woken } = timerFor([1_100, 1_250]);
  timer.rearm();
  jest.advanceTimersByTime(10_000);
  expect(woken).toEqual([1_100, 1_250]);
  expect(jest.getTimerCount()).toBe(0);
});

test('comes earlier when an earlier deadline appears', () => {
  const deadlines = [5_000];
  const { timer, woken } = timerFor(deadlines);
  timer.rearm();
  deadlines.unshift(1_050);
  timer.rearm();
  jest.advanceTimersByTime(10_000);
  expect(woken).toEqual([1_050, 5_000]);
});

test('serves deadlines that lie close together with one waking', () => {
  const { timer, woken } = timerFor([1_001, 1_002, 1_019, 1_021], 20);
  timer.rearm();
  jest.advanceTimersByTime(10_000);
  expect(woken).toEqual([1_020, 1_040]);
});

test('does not wake after it was stopped', () => {
  const { timer, woken } = timerFor([1_100]);
  timer.rearm();
  timer.stop();
  jest.advanceTimersByTime(10_000);
  expect(woken).toEqual([]);
});

test('waits longer than a timer of Node holds', () => {
  const month = 1_000 + 30 * 86_400_000;
  const { timer, woken } = timerFor([month]);
  timer.rearm();
  jest.advanceTimersByTime(31 * 86_400_000);
  expect(woken.at(-1)).toBe(month);
  expect(woken.length).toBeLessThan(4);
});
