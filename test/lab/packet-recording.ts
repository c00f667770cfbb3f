// Records what a host of the lab sends and receives, or what the rules in its kernel log, as a pcap file for replay.
import { waitFor } from '../wait-for.ts';
import type { Host } from './addresses.ts';
import type { Network } from './namespaces.ts';

export interface PacketRecording {
  /** Ends it; the file is whole afterwards. */
  stop(): Promise<void>;
}

export interface RecordingOptions {
  /** `nflog:N` for what rules log. */
  readonly device?: string;
  /** An expression of tcpdump's. */
  readonly filter?: string;
  /** Bytes of a packet that are kept; 0: all. */
  readonly snaplen?: number;
}

/** Resolves when packets are being recorded into `file`. */
export async function startPacketRecording(
  network: Network,
  host: Host,
  file: string,
  { device = 'eth0', filter = '', snaplen = 0 }: RecordingOptions = {},
): Promise<PacketRecording> {
  // `-Z root`: tcpdump would otherwise give up its rights before it opens the file.
  const options = ['-i', device, '--immediate-mode', '-U', '-s', String(snaplen), '-Z', 'root', '-w', file];
  const child = network.start(host, 'tcpdump', filter ? [...options, filter] : options);
  await waitFor('tcpdump listens', () => {
    if (!child.isRunning()) throw new Error(`tcpdump ended at once: ${child.stderr()}`);
    return child.stderr().includes('listening on');
  });
  return { stop: () => child.stop('SIGINT') };
}
