// Ends the tcpdump of a daemon that was killed: it notices nothing until its next packet, and until then nobody else
// can read its NFLOG group. One that somebody still reads from is never touched.
import { closeSync, constants, openSync, readlinkSync } from 'node:fs';
import { readNetfilterPorts } from './netlink-drops.ts';

/** Tells whether there was one. Those that we may not look into are not ours. */
export function endAbandonedReaders(): boolean {
  // For tcpdump the port id is its process id.
  const abandoned = readNetfilterPorts().filter(isAbandoned);
  return abandoned.filter(end).length > 0;
}

/** It writes to a FIFO of ours that has no reader. */
function isAbandoned(pid: number): boolean {
  const output = `/proc/${pid}/fd/1`;
  try {
    if (!/\/sipwarden-capture-\w+\/packets\.pcap( \(deleted\))?$/.test(readlinkSync(output))) return false;
    closeSync(openSync(output, constants.O_WRONLY | constants.O_NONBLOCK));
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENXIO';
  }
}

function end(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
