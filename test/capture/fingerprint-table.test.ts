import { expect, test } from '@jest/globals';
import { createFingerprintTable } from '../../src/capture/fingerprint-table.ts';

const phone = '198.51.100.10';

test('a nonce is known to have left to that address, and when', () => {
  const nonces = createFingerprintTable(64);
  nonces.remember(phone, 'abc', 1_000);
  expect(nonces.rememberedAt(phone, 'abc')).toBe(1_000);
});

test('the same nonce is not known of another address', () => {
  const nonces = createFingerprintTable(64);
  nonces.remember(phone, 'abc', 1_000);
  expect(nonces.rememberedAt('198.51.100.1', '0 abc')).toBeUndefined();
  expect(nonces.rememberedAt('198.51.100.11', 'abc')).toBeUndefined();
  expect(nonces.rememberedAt(phone, 'abd')).toBeUndefined();
});

test('a nonce that leaves again counts from then on', () => {
  const nonces = createFingerprintTable(64);
  nonces.remember(phone, 'abc', 1_000);
  nonces.remember(phone, 'abc', 2_000);
  expect(nonces.rememberedAt(phone, 'abc')).toBe(2_000);
});

test('when it is full the oldest leave first, and it says up to when it is not complete', () => {
  const nonces = createFingerprintTable(8);
  for (let time = 1; time <= 8; time += 1) nonces.remember(phone, `n${time}`, time);
  expect(nonces.completeSince()).toBe(Number.NEGATIVE_INFINITY);
  for (let time = 9; time <= 11; time += 1) nonces.remember(phone, `n${time}`, time);
  const known = Array.from({ length: 11 }, (_, index) => nonces.rememberedAt(phone, `n${index + 1}`));
  expect(known).toEqual([undefined, undefined, undefined, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(nonces.completeSince()).toBe(3);
});

test('two million others take no memory, and nearly all of the youngest half million stay known', () => {
  const nonces = createFingerprintTable(2 ** 20);
  nonces.remember(phone, 'old', 0);
  const before = process.memoryUsage().arrayBuffers;
  const total = 2_000_000;
  for (let index = 0; index < total; index += 1) nonces.remember('203.0.113.9', `nonce-${index}`, 1 + index);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  expect(nonces.rememberedAt(phone, 'old')).toBeUndefined();
  let known = 0;
  for (let index = total - 500_000; index < total; index += 1) {
    if (nonces.rememberedAt('203.0.113.9', `nonce-${index}`) === 1 + index) known += 1;
  }
  expect(known).toBeGreaterThan(500_000 * 0.99);
});

test('two tables lay the same nonces out differently, so nobody can aim at a slot', () => {
  const survivors = (): string => {
    const nonces = createFingerprintTable(64);
    for (let index = 0; index < 200; index += 1) nonces.remember(phone, `n${index}`, index);
    return Array.from({ length: 200 }, (_, index) =>
      Number(nonces.rememberedAt(phone, `n${index}`) !== undefined),
    ).join('');
  };
  expect(new Set(Array.from({ length: 5 }, survivors)).size).toBeGreaterThan(1);
});
