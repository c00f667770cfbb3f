import { expect, test } from '@jest/globals';
import { readUdpDrops, udpDropsIn } from '../../src/sense/udp-drops.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  321: 0100007F:2364 00000000:0000 07 00000000:00000000 00:00000000 00000000 65534        0 9 2 0 17
  322: 0100007F:2365 00000000:0000 07 00000000:00000000 00:00000000 00000000 65534        0 9 2 0 5
  323: 00000000:2364 00000000:2364 07 00000000:00000000 00:00000000 00000000 65534        0 9 2 0 3
`;

test('what the kernel dropped is read for the port, on whatever address', () => {
  expect([9_060, 9_061, 9_062].map((port) => udpDropsIn(table, port))).toEqual([20, 5, 0]);
});

test('a table that is none tells of no drops', () => {
  expect(udpDropsIn('', 9_060)).toBe(0);
  expect(udpDropsIn(' x :2364 y lots', 9_060)).toBe(0);
});

test('where nobody listens nothing was dropped', () => {
  expect(readUdpDrops({ address: '127.0.0.1', port: 1 })).toBe(0);
  expect(readUdpDrops({ address: '::1', port: 1 })).toBe(0);
});
