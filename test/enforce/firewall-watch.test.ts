// When the watch looks, with a firewall that only tells of changes.
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { watchFirewall } from '../../src/enforce/firewall-watch.ts';
import type { Touched } from '../../src/model/enforcer.ts';

let change: (touched: Touched) => void;
let looks: (Touched | undefined)[];
/** What a look finds. */
let damage: () => readonly string[];
let stop: () => void;

beforeEach(() => {
  jest.useFakeTimers();
  looks = [];
  damage = () => [];
  stop = watchFirewall({
    enforcer: {
      watch(onChange) {
        change = onChange;
        return () => {};
      },
    },
    reconciler: {
      async repair(touched) {
        looks.push(touched);
        return damage();
      },
    },
  });
});
afterEach(() => {
  stop();
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const changeEvery = async (everyMs: number, forMs: number) => {
  for (let passed = 0; passed < forMs; passed += everyMs) {
    change('rules');
    await pass(everyMs);
  }
};

test('looks once at many changes that come together', async () => {
  for (let count = 0; count < 1_000; count += 1) change('rules');
  await pass(50_000);
  expect(looks).toEqual(['rules']);
});

test('looks at members too where one of the changes may have touched them', async () => {
  change('rules');
  change('members');
  change('rules');
  await pass(50_000);
  expect(looks).toEqual(['members']);
});

test('looks at a change within a second, however busy others are with their own rules', async () => {
  await changeEvery(100, 59_000);
  expect(looks.length).toBeGreaterThan(50);
  expect(looks.length).toBeLessThan(65);
});

test('does not fight a program that undoes each repair at once', async () => {
  damage = () => ['the jumps into our chains (IPv4)'];
  await changeEvery(1_000, 59_000);
  expect(looks.length).toBeGreaterThan(4);
  expect(looks.length).toBeLessThan(10);
});

test('is quick again after half a minute of peace', async () => {
  damage = () => ['the jumps into our chains (IPv4)'];
  await changeEvery(1_000, 50_000);
  damage = () => [];
  await pass(100_000);
  looks = [];
  change('rules');
  await pass(1_000);
  expect(looks).toContain('rules');
});

test('compares everything once a minute, told or not', async () => {
  await pass(300_000);
  expect(looks).toEqual([undefined, undefined, undefined, undefined, undefined]);
});

test('looks no more once it is stopped', async () => {
  change('rules');
  stop();
  change('rules');
  await pass(300_000);
  expect(looks).toEqual([]);
});
