import { expect, test } from '@jest/globals';
import { netfilterPorts, netlinkDrops, readNetlinkDrops } from '../../src/sense/netlink-drops.ts';

// Linux 6.18; the port id 23412 is used by two protocols.
const netlink = `sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
00000000a2461848 0   23412      00000000 0        0        0     2        7        4
00000000058b2fac 12  23412      00000000 0        0        0     2        95480    83553
00000000dc064ac0 12  0          00000000 0        0        0     2        0        83541
`;

test('finds the drops of the reader with that port id, of netfilter only', () => {
  expect(netlinkDrops(netlink, 23_412)).toBe(95_480);
});

test('knows no drops of a reader that is gone', () => {
  expect(netlinkDrops(netlink, 1)).toBeUndefined();
  expect(readNetlinkDrops(undefined)).toBeUndefined();
});

test('finds who reads from netfilter, the kernel left out', () => {
  expect(netfilterPorts(netlink)).toEqual([23_412]);
});
