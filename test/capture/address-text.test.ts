import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { createAddressTexts } from '../../src/capture/address-text.ts';
import { parseAddress } from '../../src/model/address.ts';

const texts = createAddressTexts();

test('an IPv4 address has the text that parseAddress gives, asked once or twice', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
      const expected = parseAddress([...bytes].join('.'));
      expect(texts.ipv4(Buffer.from(bytes), 0)).toBe(expected);
      expect(texts.ipv4(Buffer.from(bytes), 0)).toBe(expected);
    }),
  );
});

test('an IPv6 address has the text that parseAddress gives, asked once or twice', () => {
  const group = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffff));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const bytes = Buffer.from(groups.flatMap((value) => [value >> 8, value & 255]));
      const expected = parseAddress(groups.map((value) => value.toString(16)).join(':'));
      expect(texts.ipv6(bytes, 0)).toBe(expected);
      expect(texts.ipv6(bytes, 0)).toBe(expected);
    }),
  );
});

test('an IPv4-mapped address is IPv4', () => {
  const bytes = Buffer.from(ipaddr.parse('::ffff:192.0.2.7').toByteArray());
  expect(texts.ipv6(bytes, 0)).toBe('192.0.2.7');
});

test('more addresses than it remembers are all told apart', () => {
  const bytes = Buffer.alloc(20);
  for (let round = 0; round < 2; round += 1) {
    for (let host = 0; host < 50_000; host += 1) {
      bytes.writeUInt32BE(0x0a000000 + host, 4);
      expect(texts.ipv4(bytes, 4)).toBe(`10.0.${host >> 8}.${host & 255}`);
    }
  }
});
