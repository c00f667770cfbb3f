// What the kernel dropped of a UDP socket's datagrams since it was opened, because nobody read them in time (proc_net(5)).
import { readFileSync } from 'node:fs';
import { isIPv6, type Peer } from '../model/address.ts';
import { whereThere } from './file-head.ts';

export function readUdpDrops({ address, port }: Peer): number {
  const table = isIPv6(address) ? '/proc/net/udp6' : '/proc/net/udp';
  return udpDropsIn(whereThere(() => readFileSync(table, 'utf8')) ?? '', port);
}

/** Of every socket on that port. */
export function udpDropsIn(table: string, port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  const drops = rows
    .filter((columns) => columns[1]?.endsWith(local))
    .map((columns) => Number(columns.at(-1)));
  return drops.reduce((sum, count) => sum + (Number.isSafeInteger(count) ? count : 0), 0);
}
