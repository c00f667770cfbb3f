// The block format of Wireshark's tools (draft-ietf-opsawg-pcapng): several sections, interfaces and clocks in a file.
import { type CaptureFormat, type CaptureSink, emptyPacket, longestPacket } from './capture-format.ts';

const sectionHeader = 0x0a0d0d0a;
const interfaceDescription = 1;
const simplePacket = 3;
const enhancedPacket = 6;

const longestBlock = longestPacket + 65_536;
const interfaceLimit = 1_024;
/** The last point in time that a Date can say, in ms. */
const endOfTime = 8.64e15;

interface Interface {
  readonly linkType: number;
  /** 0 where the interface has no limit. */
  readonly snapLength: number;
  readonly ticksPerSecond: bigint;
}

export function isPcapng(bytes: Buffer, start: number): boolean {
  return bytes.readUInt32BE(start) === sectionHeader;
}

export function createPcapngFormat(sink: CaptureSink): CaptureFormat {
  const packet = emptyPacket();
  let isLittle = true;
  let interfaces: Interface[] = [];

  const short = (bytes: Buffer, at: number) => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const word = (bytes: Buffer, at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));

  function sizeOf(bytes: Buffer, start: number, end: number): number {
    if (end - start < 12) return 12;
    if (isPcapng(bytes, start) && !readByteOrder(bytes, start)) return fail('pcapng: no byte order');
    const length = word(bytes, start + 4);
    if (length < 12 || length % 4 !== 0) return fail('pcapng: a block length that cannot be');
    const type = word(bytes, start);
    if (!isKnown(type)) return -length;
    return length <= longestBlock ? length : fail('pcapng: a block longer than any packet');
  }

  function readByteOrder(bytes: Buffer, start: number): boolean {
    const magic = bytes.readUInt32LE(start + 8);
    isLittle = magic === 0x1a2b3c4d;
    return isLittle || magic === 0x4d3c2b1a;
  }

  function fail(reason: string): 0 {
    sink.onDiscard(reason);
    return 0;
  }

  function read(bytes: Buffer, start: number, end: number): void {
    // Both ends bear the length; body is what lies between.
    const problem = readBody(word(bytes, start), bytes, start + 8, end - 4);
    if (problem) sink.onDiscard(problem);
  }

  /** These return why the block is of no use, if it is not. */
  function readBody(type: number, bytes: Buffer, body: number, bodyEnd: number): string | undefined {
    switch (type) {
      case interfaceDescription:
        return readInterface(bytes, body, bodyEnd);
      case enhancedPacket:
        return readEnhancedPacket(bytes, body, bodyEnd);
      case simplePacket:
        return readSimplePacket(bytes, body, bodyEnd);
      default:
        interfaces = [];
        return undefined;
    }
  }

  function readInterface(bytes: Buffer, body: number, bodyEnd: number): string | undefined {
    if (bodyEnd - body < 8) return 'pcapng: an interface without a description';
    if (interfaces.length >= interfaceLimit) return 'pcapng: too many interfaces';
    interfaces.push({
      linkType: short(bytes, body),
      snapLength: word(bytes, body + 4),
      ticksPerSecond: readResolution(bytes, body + 8, bodyEnd),
    });
    return undefined;
  }

  function readResolution(bytes: Buffer, options: number, end: number): bigint {
    for (let at = options; at + 4 <= end; ) {
      const code = short(bytes, at);
      const length = short(bytes, at + 2);
      if (code === 0) break;
      if (code === 9 && length >= 1 && at + 4 < end) return ticksPerSecond(bytes[at + 4]!);
      at += 4 + length + (-length & 3);
    }
    return 1_000_000n;
  }

  function readEnhancedPacket(bytes: Buffer, body: number, bodyEnd: number): string | undefined {
    if (bodyEnd - body < 20) return 'pcapng: a packet block without a packet';
    const from = interfaces[word(bytes, body)];
    const captured = word(bytes, body + 12);
    if (!from) return 'pcapng: a packet of an interface that was not described';
    if (captured > bodyEnd - body - 20) return 'pcapng: a packet longer than its block';
    const ticks = (BigInt(word(bytes, body + 4)) << 32n) | BigInt(word(bytes, body + 8));
    const time = Number((ticks * 1_000n) / from.ticksPerSecond);
    if (time > endOfTime) return 'pcapng: a time that cannot be';
    packet.time = time;
    return emit(bytes, body + 20, captured, from.linkType, word(bytes, body + 16));
  }

  /** Has no time of its own, so that of the packet before it is the best that can be said. */
  function readSimplePacket(bytes: Buffer, body: number, bodyEnd: number): string | undefined {
    const from = interfaces[0];
    if (!from || bodyEnd - body < 4) return 'pcapng: a packet block without a packet';
    const original = word(bytes, body);
    const captured = Math.min(original, bodyEnd - body - 4, from.snapLength || longestPacket);
    return emit(bytes, body + 4, captured, from.linkType, original);
  }

  function emit(bytes: Buffer, at: number, captured: number, linkType: number, original: number): undefined {
    packet.linkType = linkType;
    packet.originalLength = original;
    packet.data = bytes.subarray(at, at + captured);
    sink.onPacket(packet);
  }

  return { sizeOf, read };
}

function isKnown(type: number): boolean {
  return (
    type === sectionHeader ||
    type === interfaceDescription ||
    type === simplePacket ||
    type === enhancedPacket
  );
}

/** if_tsresol: a power of ten, or of two where the highest bit is set. */
function ticksPerSecond(resolution: number): bigint {
  const exponent = BigInt(resolution & 0x7f);
  return resolution & 0x80 ? 2n ** exponent : 10n ** exponent;
}
