// Records what a host of the lab sends and receives, as a pcap file for replay.
import { waitFor } from '../wait-for.ts';
import type { Host } from './addresses.ts';
import type { Network } from './namespaces.ts';

export interface PacketRecording {
  /** Ends it; the file is whole afterwards. */
  stop(): Promise<void>;
}

/** Resolves when packets are being recorded into `file`. */
export async function startPacketRecording(
  network: Network,
  host: Host,
  file: string,
): Promise<PacketRecording> {
  // `-Z root`: tcpdump would otherwise give up its rights before it opens the file.
  const options = ['-i', 'eth0', '--immediate-mode', '-U', '-s', '0', '-Z', 'root', '-w', file];
  const child = network.start(host, 'tcpdump', options);
  await waitFor('tcpdump listens', () => {
    if (!child.isRunning()) throw new Error(`tcpdump ended at once: ${child.stderr()}`);
    return child.stderr().includes('listening on');
  });
  return { stop: () => child.stop('SIGINT') };
}
