// The sockets that read from netfilter, and what the kernel dropped before an NFLOG reader fetched it: tcpdump's own
// count of that is wrong.
import { readFileSync } from 'node:fs';

const netfilterProtocol = '12';

/** Undefined where the kernel knows no such reader (any more). */
export function readNetlinkDrops(portId: number | undefined): number | undefined {
  return portId === undefined ? undefined : netlinkDrops(readTable(), portId);
}

/** Port ids of every program that reads from netfilter. */
export function readNetfilterPorts(): readonly number[] {
  return netfilterPorts(readTable());
}

function readTable(): string {
  try {
    return readFileSync('/proc/net/netlink', 'utf8');
  } catch {
    return '';
  }
}

/** From the text of /proc/net/netlink. */
export function netlinkDrops(table: string, portId: number): number | undefined {
  return readSockets(table).find((socket) => socket.portId === portId)?.drops;
}

/** From the text of /proc/net/netlink; the kernel's own sockets left out. */
export function netfilterPorts(table: string): readonly number[] {
  return readSockets(table).flatMap(({ portId }) => (portId > 0 ? [portId] : []));
}

/** Lines of: sk, protocol, port id, ..., drops, inode. */
function readSockets(table: string): readonly { readonly portId: number; readonly drops: number }[] {
  const lines = table.split('\n').map((line) => line.trim().split(/\s+/));
  return lines
    .filter(([, protocol]) => protocol === netfilterProtocol)
    .map((fields) => ({ portId: Number(fields[2]), drops: Number(fields[8]) }));
}
