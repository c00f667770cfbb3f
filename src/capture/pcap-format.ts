// The classic capture file of libpcap (draft-ietf-opsawg-pcap): what tcpdump writes, live and into files.
import { type CaptureFormat, type CaptureSink, emptyPacket, longestPacket } from './capture-format.ts';

const fileHeader = 24;
const recordHeader = 16;

/** The format of a file with these first four bytes; undefined where it is not classic pcap. */
export function classicPcap(bytes: Buffer, start: number, sink: CaptureSink): CaptureFormat | undefined {
  switch (bytes.readUInt32BE(start)) {
    case 0xa1b2c3d4:
      return createFormat(sink, false, 1_000);
    case 0xd4c3b2a1:
      return createFormat(sink, true, 1_000);
    case 0xa1b23c4d:
      return createFormat(sink, false, 1_000_000);
    case 0x4d3cb2a1:
      return createFormat(sink, true, 1_000_000);
    default:
      return undefined;
  }
}

function createFormat(sink: CaptureSink, isLittle: boolean, fractionsPerMs: number): CaptureFormat {
  const packet = emptyPacket();
  let isHeaderRead = false;

  function word(bytes: Buffer, at: number): number {
    return isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  function sizeOf(bytes: Buffer, start: number, end: number): number {
    if (!isHeaderRead) return fileHeader;
    if (end - start < recordHeader) return recordHeader;
    const captured = word(bytes, start + 8);
    if (captured <= longestPacket) return recordHeader + captured;
    sink.onDiscard('pcap: a record longer than 262,144 bytes, and nothing after it can be found');
    return 0;
  }

  function read(bytes: Buffer, start: number, end: number): void {
    if (!isHeaderRead) {
      // The upper bits tell of frame check sequences.
      packet.linkType = word(bytes, start + 20) & 0xffff;
      isHeaderRead = true;
      return;
    }
    packet.time = word(bytes, start) * 1_000 + Math.floor(word(bytes, start + 4) / fractionsPerMs);
    packet.originalLength = word(bytes, start + 12);
    packet.data = bytes.subarray(start + recordHeader, end);
    sink.onPacket(packet);
  }

  return { sizeOf, read };
}
