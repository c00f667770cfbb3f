import { expect, test } from '@jest/globals';
import { createFingerprintTable } from '../../src/capture/fingerprint-table.ts';

const phone = '198.51.100.10';

test('a nonce is known to have left to that address, and when', () => {
  const nonces = createFingerprintTable(64);
  nonces.remember('abc', phone, 1_000);
  expect(nonces.rememberedAt('abc', phone)).toBe(1_000);
});

test('the same nonce is not known of another address', () => {
  const nonces = createFingerprintTable(64);
  nonces.remember('abc', phone, 1_000);
  expect(nonces.rememberedAt('0 abc', '198.51.100.1')).toBeUndefined();
  expect(nonces.rememberedAt('abc', '198.51.100.11')).toBeUndefined();
  expect(nonces.rememberedAt('abd', phone)).toBeUndefined();
});

test('a nonce that left to two addresses is known of neither', () => {
  for (const order of [
    [phone, '203.0.113.9'],
    ['203.0.113.9', phone],
    [phone, '203.0.113.9', phone],
  ]) {
    const nonces = createFingerprintTable(64);
    for (const [time, holder] of order.entries()) nonces.remember('abc', holder, time);
    expect([phone, '203.0.113.9'].map((holder) => nonces.rememberedAt('abc', holder))).toEqual([
      undefined,
      undefined,
    ]);
  }
});

test('a nonce that leaves again counts from then on', () => {
  const nonces = createFingerprintTable(64);
  nonces.remember('abc', phone, 1_000);
  nonces.remember('abc', phone, 2_000);
  expect(nonces.rememberedAt('abc', phone)).toBe(2_000);
});

test('when it is full the oldest leave first, and it says up to when it is not complete', () => {
  const nonces = createFingerprintTable(8);
  for (let time = 1; time <= 8; time += 1) nonces.remember(`n${time}`, phone, time);
  expect(nonces.completeSince()).toBe(Number.NEGATIVE_INFINITY);
  for (let time = 9; time <= 11; time += 1) nonces.remember(`n${time}`, phone, time);
  const known = Array.from({ length: 11 }, (_, index) => nonces.rememberedAt(`n${index + 1}`, phone));
  expect(known).toEqual([undefined, undefined, undefined, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(nonces.completeSince()).toBe(3);
});

test('two million others take no memory, and nearly all of the youngest half million stay known', () => {
  const nonces = createFingerprintTable(2 ** 20);
  nonces.remember('old', phone, 0);
  const before = process.memoryUsage().arrayBuffers;
  const total = 2_000_000;
  for (let index = 0; index < total; index += 1) nonces.remember(`nonce-${index}`, '203.0.113.9', 1 + index);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  expect(nonces.rememberedAt('old', phone)).toBeUndefined();
  let known = 0;
  for (let index = total - 500_000; index < total; index += 1) {
    if (nonces.rememberedAt(`nonce-${index}`, '203.0.113.9') === 1 + index) known += 1;
  }
  expect(known).toBeGreaterThan(500_000 * 0.99);
});

test('two tables lay the same nonces out differently, so nobody can aim at a slot', () => {
  const survivors = (): string => {
    const nonces = createFingerprintTable(64);
    for (let index = 0; index < 200; index += 1) nonces.remember(`n${index}`, phone, index);
    return Array.from({ length: 200 }, (_, index) =>
      Number(nonces.rememberedAt(`n${index}`, phone) !== undefined),
    ).join('');
  };
  expect(new Set(Array.from({ length: 5 }, survivors)).size).toBeGreaterThan(1);
});
