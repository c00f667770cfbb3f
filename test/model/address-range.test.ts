import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contains, parseAddress } from '../../src/model/address.ts';
import { networksOfRange, parseRange } from '../../src/model/address-range.ts';

const addressOf = (number: number) => `203.0.${number >> 8}.${number & 255}`;

describe('a range of addresses', () => {
  test.each([
    ['192.0.2.10-192.0.2.99', '192.0.2.10-192.0.2.99'],
    [' 192.0.2.10 - 192.0.2.99 ', '192.0.2.10-192.0.2.99'],
    ['2001:DB8:0::1-2001:db8::ff', '2001:db8::1-2001:db8::ff'],
    ['::ffff:192.0.2.1-::ffff:192.0.2.9', '192.0.2.1-192.0.2.9'],
  ])('%j is read as %s', (text, range) => {
    expect(parseRange(text)).toBe(range);
  });

  test.each([
    '192.0.2.99-192.0.2.10',
    '192.0.2.10-192.0.2.10',
    '192.0.2.10-2001:db8::1',
    '192.0.2.0/24-192.0.3.0/24',
    '192.0.2.1-192.0.2.5-192.0.2.9',
    '192.0.2.10-99',
    '0.0.0.0-255.255.255.255',
    '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '::fffe:ffff:ffff-::1:0:0:0',
    'a-b',
  ])('%j is none', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });

  test('is cut into the fewest networks', () => {
    expect(networksOfRange('192.0.2.10-192.0.2.99')).toEqual([
      '192.0.2.10/31',
      '192.0.2.12/30',
      '192.0.2.16/28',
      '192.0.2.32/27',
      '192.0.2.64/27',
      '192.0.2.96/30',
    ]);
    expect(networksOfRange('0.0.0.1-255.255.255.254')).toHaveLength(62);
    expect(networksOfRange('2001:db8::-2001:db8:0:ffff:ffff:ffff:ffff:ffff')).toEqual(['2001:db8::/48']);
  });

  test('covers in its networks each of its addresses once, and no other', () => {
    const bound = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(bound, bound, (one, other) => {
        const [first, last] = [Math.min(one, other), Math.max(one, other) + 1];
        const networks = networksOfRange(`${addressOf(first)}-${addressOf(last)}`);
        for (let number = 0; number < 300; number += 1) {
          const covering = networks.filter((network) => contains(network, addressOf(number)));
          expect(covering).toHaveLength(number >= first && number <= last ? 1 : 0);
        }
        expect(networks.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(last - first + 1) + 1));
      }),
      { numRuns: 30 },
    );
  });

  test('of IPv6 begins and ends where it should', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(fc.tuple(group, group, group), fc.tuple(group, group, group), (one, other) => {
        const text = (groups: readonly number[]) =>
          `2001:db8::${groups.map((each) => each.toString(16)).join(':')}`;
        const range = parseRange(`${text(one)}-${text(other)}`) ?? parseRange(`${text(other)}-${text(one)}`);
        if (range === undefined) return expect(one).toEqual(other);
        const networks = networksOfRange(range);
        const [first = '', last = ''] = range.split('-');
        expect(networks[0]?.split('/')[0]).toBe(parseAddress(first));
        expect(contains(networks.at(-1) ?? '', last)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
