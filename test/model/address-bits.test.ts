// Against ipaddr.js, over canonical text of both families.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { contains, networkOf, parseAddress } from '../../src/model/address.ts';
import { bitAt, bitsOf, commonBits } from '../../src/model/address-bits.ts';

const v4 = fc.array(fc.nat({ max: 255 }), { minLength: 4, maxLength: 4 });
const v6 = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 255 })), { minLength: 16, maxLength: 16 });
const bytes = fc.oneof(v4, v6);
const textOf = (address: number[]) => parseAddress(ipaddr.fromByteArray(address).toString())!;

test('an address is read to its last bit', () => {
  fc.assert(
    fc.property(bytes, (address) => {
      const text = textOf(address);
      const expected = ipaddr.parse(text).toByteArray();
      const { words, length } = bitsOf(text);
      expect(length).toBe(8 * expected.length);
      expect(words.flatMap((word) => [24, 16, 8, 0].map((shift) => (word >>> shift) & 255))).toEqual(
        expected,
      );
      for (const index of [0, 1, 31, length - 1])
        expect(bitAt(words, index)).toBe((expected[index >> 3]! >> (7 - (index & 7))) & 1);
    }),
  );
});

test('a network is read with its length', () => {
  expect(bitsOf('203.0.113.0/24')).toEqual({ words: [0xcb007100], length: 24 });
  expect(bitsOf('2001:db8::/32')).toEqual({ words: [0x20010db8, 0, 0, 0], length: 32 });
  expect(bitsOf('::/0')).toEqual({ words: [0, 0, 0, 0], length: 0 });
});

test('the first bits that two addresses share are counted up to a limit', () => {
  expect(commonBits([0xcb007100], [0xcb007142], 32)).toBe(25);
  expect(commonBits([0xcb007100], [0xcb007142], 24)).toBe(24);
  expect(commonBits([1, 0, 0, 0], [1, 0, 0, 1], 128)).toBe(127);
  expect(commonBits([5], [5], 32)).toBe(32);
});

test('a network contains what ipaddr.js says', () => {
  fc.assert(
    fc.property(bytes, bytes, fc.nat({ max: 128 }), (one, other, bits) => {
      const [inner, outer] = [textOf(one), textOf(other)];
      const network = networkOf(outer, Math.min(bits, outer.includes(':') ? 128 : 32));
      const [base, length] = network.includes('/')
        ? ipaddr.parseCIDR(network)
        : [ipaddr.parse(network), undefined];
      const [parsed, width] = [ipaddr.parse(inner), base.kind() === 'ipv4' ? 32 : 128];
      const expected = parsed.kind() === base.kind() && parsed.match(base, length ?? width);
      expect(contains(network, inner)).toBe(expected);
    }),
  );
});
