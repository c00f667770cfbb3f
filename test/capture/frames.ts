// Builds packets, frames and capture files byte by byte, for what no capture at hand shows.
import ipaddr from 'ipaddr.js';

export const phone = '198.51.100.10';
export const pbx = '192.0.2.1';

interface Between {
  readonly source?: string;
  readonly destination?: string;
}

export function uint16(...values: number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [(value >> 8) & 255, value & 255]));
}

function uint32(value: number): Buffer {
  return uint16(value >>> 16, value & 0xffff);
}

function addressBytes(address: string): Buffer {
  return Buffer.from(ipaddr.parse(address).toByteArray());
}

export function ipv4(
  protocol: number,
  payload: Buffer,
  {
    source = phone,
    destination = pbx,
    id = 1,
    flags = 0,
    options = Buffer.alloc(0),
    total = 20 + options.length + payload.length,
  }: Between & { id?: number; flags?: number; options?: Buffer; total?: number } = {},
): Buffer {
  return Buffer.concat([
    Buffer.from([0x45 + options.length / 4, 0]),
    uint16(total, id, flags),
    Buffer.from([64, protocol, 0, 0]),
    addressBytes(source),
    addressBytes(destination),
    options,
    payload,
  ]);
}

export function ipv6(
  next: number,
  payload: Buffer,
  { source = '2001:db8::10', destination = '2001:db8::1' }: Between = {},
): Buffer {
  return Buffer.concat([
    Buffer.from([0x60, 0, 0, 0]),
    uint16(payload.length),
    Buffer.from([next, 64]),
    addressBytes(source),
    addressBytes(destination),
    payload,
  ]);
}

export function ipv6Fragment(next: number, start: number, isLast: boolean, part: Buffer, id = 7): Buffer {
  return ipv6(
    44,
    Buffer.concat([Buffer.from([next, 0]), uint16(start | (isLast ? 0 : 1)), uint32(id), part]),
  );
}

export function ipv4Fragment(start: number, isLast: boolean, part: Buffer, id = 7): Buffer {
  return ipv4(17, part, { id, flags: (start >> 3) | (isLast ? 0 : 0x2000) });
}

export function udp(text: string | Buffer, { from = 5070, to = 5060 } = {}): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([uint16(from, to, 8 + payload.length, 0), payload]);
}

interface TcpFields {
  from?: number;
  to?: number;
  sequence?: number;
  acknowledgement?: number;
  flags?: number;
}

export function tcp(
  text: string | Buffer,
  { from = 40_000, to = 5060, sequence = 1, acknowledgement = 1, flags = 0x18 }: TcpFields = {},
): Buffer {
  return Buffer.concat([
    uint16(from, to),
    uint32(sequence),
    uint32(acknowledgement),
    Buffer.from([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]),
    Buffer.from(text),
  ]);
}

export function ethernet(
  packet: Buffer,
  { tags = [] as number[], type = packet[0]! >> 4 === 6 ? 0x86dd : 0x0800 } = {},
): Buffer {
  return Buffer.concat([Buffer.alloc(12, 2), ...tags.map((tag) => uint16(tag, 100)), uint16(type), packet]);
}

/** As the kernel writes it: type-length-value records after a header of four bytes. */
export function nflog(packet: Buffer, { prefix = 'sw-in', hook = 0, isBig = false } = {}): Buffer {
  const record = (type: number, value: Buffer) => {
    const head = uint16(value.length + 4, type);
    return Buffer.concat([isBig ? head : head.swap16(), value, Buffer.alloc(-value.length & 3)]);
  };
  return Buffer.concat([
    Buffer.from([packet[0]! >> 4 === 6 ? 10 : 2, 0, 0, 7]),
    record(1, Buffer.from([8, 0, hook, 0])),
    record(10, Buffer.from(`${prefix}\0`)),
    record(4, uint32(2)),
    record(9, packet),
  ]);
}

export function request(
  method: string,
  { headers = '', body = '', length = '' }: { headers?: string; body?: string; length?: string } = {},
): string {
  return (
    `${method} sip:pbx SIP/2.0\r\nVia: SIP/2.0/TCP 198.51.100.10;branch=z9hG4bKa\r\n` +
    `From: <sip:a@pbx>;tag=1\r\nTo: <sip:a@pbx>\r\nCall-ID: a\r\nCSeq: 1 ${method}\r\n` +
    `User-Agent: friendly-scanner\r\n${headers}Content-Length: ${length || body.length}\r\n\r\n${body}`
  );
}

type Endian = 'little' | 'big';

function words(endian: Endian, ...values: number[]): Buffer {
  const bytes = Buffer.concat(values.map(uint32));
  return endian === 'big' ? bytes : bytes.swap32();
}

interface Captured {
  readonly data: Buffer;
  readonly seconds?: number;
  readonly fraction?: number;
  readonly originalLength?: number;
}

export function pcapFile(
  packets: readonly Captured[],
  { endian = 'little' as Endian, isNanoseconds = false, linkType = 1 } = {},
): Buffer {
  const magic = isNanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  const version = endian === 'big' ? uint16(2, 4) : uint16(2, 4).swap16();
  return Buffer.concat([
    words(endian, magic),
    version,
    words(endian, 0, 0, 262_144, linkType),
    ...packets.flatMap(({ data, seconds = 1, fraction = 0, originalLength = data.length }) => [
      words(endian, seconds, fraction, data.length, originalLength),
      data,
    ]),
  ]);
}

/** Blocks of a pcapng file in one byte order. */
export function pcapngBlocks(endian: Endian) {
  const half = (value: number) => (endian === 'big' ? uint16(value) : uint16(value).swap16());
  function block(type: number, body: Buffer): Buffer {
    const padded = Buffer.concat([body, Buffer.alloc(-body.length & 3)]);
    const length = padded.length + 12;
    return Buffer.concat([words(endian, type, length), padded, words(endian, length)]);
  }
  return {
    block,
    section: () =>
      block(0x0a0d0d0a, Buffer.concat([words(endian, 0x1a2b3c4d), half(1), half(0), Buffer.alloc(8, 0xff)])),
    interface: (linkType: number, resolution?: number, snapLength = 0) => {
      const option =
        resolution === undefined
          ? Buffer.alloc(0)
          : Buffer.concat([half(9), half(1), Buffer.from([resolution, 0, 0, 0]), half(0), half(0)]);
      return block(1, Buffer.concat([half(linkType), half(0), words(endian, snapLength), option]));
    },
    enhanced: (from: number, ticks: bigint, data: Buffer, originalLength = data.length) => {
      const time = [Number(ticks >> 32n), Number(ticks & 0xffffffffn)];
      return block(6, Buffer.concat([words(endian, from, ...time, data.length, originalLength), data]));
    },
    simple: (data: Buffer, originalLength = data.length) =>
      block(3, Buffer.concat([words(endian, originalLength), data])),
  };
}
