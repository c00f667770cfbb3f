// A recording of a flood for the packet tests: datagrams of many sources, each of which sends one.

/** One empty datagram to that address and port from each of 10.0.0.0, 10.0.0.1 ... */
export interface Flood {
  readonly macAddress: string;
  /** IPv4. */
  readonly to: string;
  readonly port: number;
  readonly sources: number;
}

/** A pcap of Ethernet frames. */
export function floodCapture(flood: Flood): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  const records = Array.from({ length: flood.sources }, (_, index) => floodRecord(flood, 0x0a000000 + index));
  return Buffer.concat([header, ...records]);
}

function floodRecord({ macAddress, to, port }: Flood, source: number): Buffer {
  const record = Buffer.alloc(16 + 14 + 20 + 8);
  record.writeUInt32LE(record.length - 16, 8);
  record.writeUInt32LE(record.length - 16, 12);
  const frame = record.subarray(16);
  frame.write(macAddress.replaceAll(':', ''), 0, 'hex');
  frame.writeUInt16BE(0x0800, 12);
  const packet = frame.subarray(14);
  packet.writeUInt16BE(0x4500, 0);
  packet.writeUInt16BE(packet.length, 2);
  packet.writeUInt16BE(0x4011, 8);
  packet.writeUInt32BE(source, 12);
  Buffer.from(to.split('.').map(Number)).copy(packet, 16);
  packet.writeUInt16BE(checksum(packet.subarray(0, 20)), 10);
  packet.writeUInt16BE(5_000, 20);
  packet.writeUInt16BE(port, 22);
  packet.writeUInt16BE(8, 24);
  return record;
}

function checksum(header: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset < header.length; offset += 2) sum += header.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
