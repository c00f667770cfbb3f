import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  contains,
  isReserved,
  networkOf,
  parseAddress,
  parseNetwork,
  sourceOf,
} from '../../src/model/address.ts';

describe('addresses', () => {
  test('have one canonical text', () => {
    expect(parseAddress('2001:DB8:0:0::1')).toBe('2001:db8::1');
    expect(parseAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(parseAddress('192.0.2.1')).toBe('192.0.2.1');
  });

  test.each([
    '',
    '1.2.3',
    '0x7f000001',
    '127.1',
    '1.2.3.4.5',
    '192.0.2.256',
    'fe80::1%eth0',
    'localhost',
    '192.0.2.1\n',
    '1'.repeat(99),
  ])('refuse %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('of networks lose their host bits', () => {
    expect(parseNetwork('203.0.113.77/24')).toBe('203.0.113.0/24');
    expect(parseNetwork('2001:db8:1:2:3::4/64')).toBe('2001:db8:1:2::/64');
    expect(parseNetwork('203.0.113.77/32')).toBe('203.0.113.77');
    expect(parseNetwork('::ffff:203.0.113.77/120')).toBe('203.0.113.0/24');
    for (const wrong of ['203.0.113.0/33', '203.0.113.0/-1', '203.0.113.0/', '/24', '::/129']) {
      expect(parseNetwork(wrong)).toBeUndefined();
    }
  });

  test('are counted as themselves, or as their IPv6 network', () => {
    expect(sourceOf('203.0.113.9')).toBe('203.0.113.9');
    expect(sourceOf('2001:db8:1:2:3::4')).toBe('2001:db8:1:2::/64');
  });

  test('of this machine, of everybody and of nobody are reserved', () => {
    for (const address of [
      '127.0.0.1',
      '::1',
      '0.0.0.0',
      '224.0.0.5',
      '255.255.255.255',
      'fe80::1',
      'ff02::1',
    ]) {
      expect(isReserved(address)).toBe(true);
    }
    expect(isReserved('203.0.113.1')).toBe(false);
  });

  test('lie in every network made of them', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 128 }), (text, length) => {
        const address = parseAddress(text);
        fc.pre(address !== undefined);
        expect(contains(networkOf(address, length), address)).toBe(true);
      }),
    );
  });
});
