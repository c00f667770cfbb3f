// A pcap file of SIP over UDP from a thousand sources, as Ethernet frames for one network card. The sources are of
// 198.18.0.0/15, which is set apart for benchmarks (RFC 2544).
import { writeFile } from 'node:fs/promises';
import { composeMessage } from './sip-corpus.ts';

export const sources: readonly string[] = Array.from(
  { length: 1_000 },
  (_, index) => `198.18.${1 + (index >> 8)}.${index & 255}`,
);

export interface Target {
  /** As `ip link` writes it: a frame for another card never reaches the firewall. */
  readonly macAddress: string;
  readonly address: string;
}

/** Every source sends the four kinds of message in turn; no two messages are the same. */
export function writeTraffic(
  file: string,
  packets: number,
  target: Target,
  senders = sources,
): Promise<void> {
  const records = Array.from({ length: packets }, (_, index) => {
    const source = senders[index % senders.length]!;
    const message = composeMessage(index + Math.floor(index / senders.length), source, target.address);
    return composeRecord(source, target, message);
  });
  return writeFile(file, Buffer.concat([fileHeader(), ...records]));
}

const ethernet = 14;
const ip = 20;
const udp = 8;
const sipPort = 5_060;

/** libpcap's own format, link type Ethernet. */
function fileHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  return header;
}

function composeRecord(source: string, { macAddress, address }: Target, message: Buffer): Buffer {
  const record = Buffer.alloc(16 + ethernet + ip + udp);
  const length = ethernet + ip + udp + message.length;
  record.writeUInt32LE(length, 8);
  record.writeUInt32LE(length, 12);
  const frame = record.subarray(16);
  frame.write(macAddress.replaceAll(':', ''), 0, 'hex');
  frame.writeUInt16BE(0x0800, 12);
  fillIpHeader(frame.subarray(ethernet, ethernet + ip), source, address, length - ethernet);
  const header = frame.subarray(ethernet + ip);
  header.writeUInt16BE(sipPort, 0);
  header.writeUInt16BE(sipPort, 2);
  // The checksum stays 0: none (RFC 768).
  header.writeUInt16BE(udp + message.length, 4);
  return Buffer.concat([record, message]);
}

function fillIpHeader(header: Buffer, source: string, destination: string, length: number): void {
  header.writeUInt16BE(0x4500, 0);
  header.writeUInt16BE(length, 2);
  header.writeUInt16BE(0x4011, 8);
  Buffer.from(source.split('.').map(Number)).copy(header, 12);
  Buffer.from(destination.split('.').map(Number)).copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
}

/** RFC 1071. */
function checksum(header: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset < header.length; offset += 2) sum += header.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
