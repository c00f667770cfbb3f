// What the kernel dropped before an NFLOG reader fetched it. tcpdump's own count of that is wrong.
import { readFileSync } from 'node:fs';

const netfilterProtocol = '12';

/** Undefined where the kernel knows no such reader (any more). */
export function readNetlinkDrops(portId: number | undefined): number | undefined {
  if (portId === undefined) return undefined;
  try {
    return netlinkDrops(readFileSync('/proc/net/netlink', 'utf8'), portId);
  } catch {
    return undefined;
  }
}

/** From the text of /proc/net/netlink: sk, protocol, port id, ..., drops, inode. */
export function netlinkDrops(table: string, portId: number): number | undefined {
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1] === netfilterProtocol && fields[2] === String(portId)) return Number(fields[8]);
  }
  return undefined;
}
