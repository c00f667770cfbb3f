import { expect, test } from '@jest/globals';
import { createReconnectDelay } from '../../src/asterisk/reconnect-delay.ts';

const bounds = { leastMs: 200, mostMs: 15_000 };
const take = (count: number, next: () => number) => Array.from({ length: count }, next);

test('doubles up to its most', () => {
  const delay = createReconnectDelay(bounds, () => 1);
  expect(take(9, delay.nextMs)).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000]);
});

test('is shorter by chance, down to half, and never below its least', () => {
  const delay = createReconnectDelay(bounds, () => 0);
  expect(take(4, delay.nextMs)).toEqual([200, 200, 400, 800]);
});

test('begins anew after a connection that held', () => {
  const delay = createReconnectDelay(bounds, () => 1);
  take(5, delay.nextMs);
  delay.reset();
  expect(delay.nextMs()).toBe(200);
});
