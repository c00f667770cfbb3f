// Which ports are ours to look at: one bit test a packet, however many ranges there are.
import type { CaptureSettings } from './protocol.ts';

type Ports = Pick<CaptureSettings, 'udpPorts' | 'tcpPorts' | 'tftpPorts'>;
/** What may come to a port: SIP over one of its transports, or requests for files. */
export type PortUse = 'udp' | 'tcp' | 'tftp';

export interface PortFilter {
  includes(use: PortUse, port: number): boolean;
  configure(ports: Ports): void;
}

export function createPortFilter(initial: Ports): PortFilter {
  const [udp, tcp, tftp] = [new Uint8Array(65_536), new Uint8Array(65_536), new Uint8Array(65_536)];
  const tables = { udp, tcp, tftp };
  const configure = ({ udpPorts, tcpPorts, tftpPorts }: Ports): void => {
    mark(tables.udp, udpPorts);
    mark(tables.tcp, tcpPorts);
    mark(tables.tftp, tftpPorts);
  };
  configure(initial);
  return { includes: (use, port) => tables[use][port] === 1, configure };
}

function mark(table: Uint8Array, ranges: readonly (readonly [number, number])[]): void {
  table.fill(0);
  for (const [first, last] of ranges) table.fill(1, first, last + 1);
}
