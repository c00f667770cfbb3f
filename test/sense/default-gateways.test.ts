import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isReserved, parseAddress } from '../../src/model/address.ts';
import { readIPv4Gateways, readIPv6Gateways } from '../../src/sense/default-gateways.ts';
import { ipv4Routes, ipv6Route } from './host-files.ts';

const gateway6 = '20010db8000000000000000000000001';

test('finds the default gateway of IPv4 and of IPv6', () => {
  expect(readIPv4Gateways(ipv4Routes())).toEqual(['192.0.2.1']);
  expect(readIPv6Gateways(ipv6Route(gateway6))).toEqual(['2001:db8::1']);
});

test('finds each of several gateways once', () => {
  const line = (word: string) => `eth0\t00000000\t${word}\t0003\t0\t0\t100\t00000000\t0\t0\t0\n`;
  expect(readIPv4Gateways(ipv4Routes(['FE0200C0', '010200C0', 'FE0200C0'].map(line).join('')))).toEqual([
    '192.0.2.1',
    '192.0.2.254',
  ]);
});

test.each([
  ['to another network', 'eth0\t000200CB\t010200C0\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0\n'],
  ['to the lower half of all', 'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000080\t0\t0\t0\n'],
  ['without a gateway', 'ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n'],
  ['that is down', 'eth0\t00000000\t010200C0\t0002\t0\t0\t0\t00000000\t0\t0\t0\n'],
  ['that refuses', 'eth0\t00000000\t010200C0\t0203\t0\t0\t0\t00000000\t0\t0\t0\n'],
  ['that is cut', 'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t0000'],
])('takes no IPv4 route %s', (_, line) => {
  expect(readIPv4Gateways(ipv4Routes(line))).toEqual([]);
});

test.each([
  ['through a link-local address, which nobody blocks', ipv6Route('fe800000000000000000000000000001')],
  ['without a gateway', ipv6Route('0'.repeat(32), '00000001')],
  ['that refuses', ipv6Route(gateway6, '00200203')],
  ['to another network', ipv6Route(gateway6, '00000003', `20010db8${'0'.repeat(24)} 20`)],
  ['to the lower half of all', ipv6Route(gateway6, '00000003', `${'0'.repeat(32)} 01`)],
])('takes no IPv6 route %s', (_, line) => {
  expect(readIPv6Gateways(line)).toEqual([]);
});

test('reads any text without a throw, and at most 64 canonical addresses of others come out', () => {
  const hex = (length: number) =>
    fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length });
  const ipv4Line = hex(8).map(
    (word) => `e\t00000000\t${word.join('').toUpperCase()}\t0003\t0\t0\t0\t00000000\t0\t0\t0`,
  );
  const ipv6Line = hex(32).map((word) => ipv6Route(word.join('')));
  const line = fc.oneof(fc.string({ unit: 'binary' }), ipv4Line, ipv6Line);
  fc.assert(
    fc.property(fc.array(line, { maxLength: 100, size: 'max' }), (lines) => {
      for (const read of [readIPv4Gateways, readIPv6Gateways]) {
        const found = read(lines.join('\n'));
        expect(found.length).toBeLessThanOrEqual(64);
        for (const address of found) {
          expect(parseAddress(address)).toBe(address);
          expect(isReserved(address)).toBe(false);
        }
      }
    }),
  );
});
