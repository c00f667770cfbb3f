// Which ports are ours to look at: one bit test a packet, however many ranges there are.
import type { CaptureSettings } from './protocol.ts';

type Ports = Pick<CaptureSettings, 'udpPorts' | 'tcpPorts'>;

export interface PortFilter {
  includes(transport: 'udp' | 'tcp', port: number): boolean;
  configure(ports: Ports): void;
}

export function createPortFilter(initial: Ports): PortFilter {
  const tables = { udp: new Uint8Array(65_536), tcp: new Uint8Array(65_536) };
  const configure = ({ udpPorts, tcpPorts }: Ports): void => {
    mark(tables.udp, udpPorts);
    mark(tables.tcp, tcpPorts);
  };
  configure(initial);
  return { includes: (transport, port) => tables[transport][port] === 1, configure };
}

function mark(table: Uint8Array, ranges: readonly (readonly [number, number])[]): void {
  table.fill(0);
  for (const [first, last] of ranges) table.fill(1, first, last + 1);
}
