// Ends the tcpdump of a daemon that was killed: it notices nothing until its next packet, and until then nobody else
// can read the NFLOG group. One that somebody still reads from is never touched.
import { closeSync, constants, openSync, readFileSync, readlinkSync } from 'node:fs';

/** Tells whether there was one. Where we may not look, there is none. */
export function endAbandonedReader(group: number): boolean {
  try {
    const pid = readerOf(group, readFileSync('/proc/net/netfilter/nfnetlink_log', 'utf8'));
    if (pid === undefined || !isAbandoned(pid)) return false;
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** The port id, which for tcpdump is its process id, from lines of: group, port id, ... */
export function readerOf(group: number, table: string): number | undefined {
  for (const line of table.split('\n')) {
    const [its, portId] = line.trim().split(/\s+/);
    if (its === String(group)) return Number(portId);
  }
  return undefined;
}

/** It writes to a FIFO of ours that has no reader. */
function isAbandoned(pid: number): boolean {
  const output = `/proc/${pid}/fd/1`;
  if (!/\/sipwarden-capture-\w+\/packets\.pcap( \(deleted\))?$/.test(readlinkSync(output))) return false;
  try {
    closeSync(openSync(output, constants.O_WRONLY | constants.O_NONBLOCK));
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENXIO';
  }
}
