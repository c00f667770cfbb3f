import { networkInterfaces } from 'node:os';
import { expect, test } from '@jest/globals';
import { createOwnAddresses } from '../../src/lib/own-addresses.ts';

test('the addresses of this machine are all there, loopback too, without their zones', () => {
  const own = createOwnAddresses(() => 0)();
  expect(own).toContain('127.0.0.1');
  expect(own).toHaveLength(Object.values(networkInterfaces()).flat().length);
  expect(own.filter((address) => address.includes('%'))).toEqual([]);
});

test('an answer is good for a second, and read again after it or when the clock was set', () => {
  let time = 10_000;
  const ownAddresses = createOwnAddresses(() => time);
  const first = ownAddresses();
  time += 999;
  expect(ownAddresses()).toBe(first);
  time += 1;
  const second = ownAddresses();
  expect(second).not.toBe(first);
  time -= 5_000;
  expect(ownAddresses()).not.toBe(second);
});
