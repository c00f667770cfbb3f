import { expect, test } from '@jest/globals';
import { createPortFilter } from '../../src/capture/port-filter.ts';

test('includes both ends of a range, for its own transport', () => {
  const ports = createPortFilter({
    udpPorts: [[5060, 5062]],
    tcpPorts: [[65_535, 65_535]],
    tftpPorts: [[69, 69]],
  });
  expect([5059, 5060, 5062, 5063].map((port) => ports.includes('udp', port))).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect([69, 5060].map((port) => ports.includes('tftp', port))).toEqual([true, false]);
  expect([5060, 65_535].map((port) => ports.includes('tcp', port))).toEqual([false, true]);
});

test('forgets the ports of before', () => {
  const ports = createPortFilter({ udpPorts: [[5060, 5060]], tcpPorts: [], tftpPorts: [] });
  ports.configure({ udpPorts: [[5080, 5080]], tcpPorts: [], tftpPorts: [] });
  expect([5060, 5080].map((port) => ports.includes('udp', port))).toEqual([false, true]);
});
