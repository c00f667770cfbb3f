// Finds what IPv4 and IPv6 packets carry: past options, extension headers, fragmentation and tunnels.
import type { Address } from '../model/address.ts';
import type { Time } from '../model/time.ts';
import { createAddressTexts } from './address-text.ts';
import { createDefragmenter } from './defragment.ts';
import type { Discard } from './packet.ts';

/** What the innermost IP header carries. One object is filled again and again. */
export interface IpPayload {
  bytes: Buffer;
  offset: number;
  end: number;
  /** Bytes that were on the wire after `end` and that the capture cut off. */
  missing: number;
  protocol: number;
  source: Address;
  destination: Address;
}

export interface IpReader {
  /** The payload, valid until the next call; undefined where there is none (yet), and `discard` heard why. */
  read(bytes: Buffer, offset: number, end: number, time: Time): IpPayload | undefined;
  /** Datagrams of which fragments are kept. */
  readonly datagrams: number;
}

const tunnelLimit = 2;
const extensionLimit = 8;

const hopByHop = 0;
const ipv4InIp = 4;
const ipv6InIp = 41;
const routing = 43;
const fragmentHeader = 44;
const authentication = 51;
const destinationOptions = 60;

export function createIpReader(discard: Discard): IpReader {
  const texts = createAddressTexts();
  const defragmenter = createDefragmenter(discard);
  const payload: IpPayload = {
    bytes: Buffer.alloc(0),
    offset: 0,
    end: 0,
    missing: 0,
    protocol: 0,
    source: '',
    destination: '',
  };

  function read(bytes: Buffer, offset: number, end: number, time: Time): IpPayload | undefined {
    payload.bytes = bytes;
    payload.offset = offset;
    payload.end = end;
    for (let tunnels = 0; tunnels <= tunnelLimit; tunnels += 1) {
      if (!readHeader(time)) return undefined;
      if (payload.protocol !== ipv4InIp && payload.protocol !== ipv6InIp) return payload;
    }
    discard('ip: a tunnel in a tunnel in a tunnel');
    return undefined;
  }

  function readHeader(time: Time): boolean {
    const { bytes, offset, end } = payload;
    const version = offset < end ? bytes[offset]! >> 4 : 0;
    if (version === 4) return readIpv4(time);
    return version === 6 ? readIpv6(time) : cannotUse('ip: neither IPv4 nor IPv6');
  }

  function readIpv4(time: Time): boolean {
    const { bytes, offset } = payload;
    const available = payload.end - offset;
    if (available < 20) return cannotUse('ip: a header that is cut');
    const header = (bytes[offset]! & 15) * 4;
    // 0 where segmentation was left to the network card.
    const total = bytes.readUInt16BE(offset + 2) || available;
    if (header < 20 || total < header) return cannotUse('ip: a length that cannot be');
    if (available < header) return cannotUse('ip: a header that is cut');
    limit(header, total, available);
    payload.protocol = bytes[offset + 9]!;
    payload.source = texts.ipv4(bytes, offset + 12);
    payload.destination = texts.ipv4(bytes, offset + 16);
    const flags = bytes.readUInt16BE(offset + 6);
    if ((flags & 0x3fff) === 0) return true;
    const identification = bytes.readUInt16BE(offset + 4);
    return reassemble(time, identification, flags & 0x1fff, (flags & 0x2000) === 0, payload.protocol);
  }

  function readIpv6(time: Time): boolean {
    const { bytes, offset } = payload;
    const available = payload.end - offset;
    if (available < 40) return cannotUse('ip: a header that is cut');
    // 0 in jumbograms, and where segmentation was left to the network card.
    const length = bytes.readUInt16BE(offset + 4);
    limit(40, length === 0 ? available : 40 + length, available);
    payload.protocol = bytes[offset + 6]!;
    payload.source = texts.ipv6(bytes, offset + 8);
    payload.destination = texts.ipv6(bytes, offset + 24);
    return readExtensions(time);
  }

  /** RFC 8200 §4; the length of the authentication header counts in words of four bytes (RFC 4302 §2.2). */
  function readExtensions(time: Time): boolean {
    for (let count = 0; count <= extensionLimit; count += 1) {
      const { protocol } = payload;
      if (!isExtension(protocol)) return true;
      const { bytes, offset } = payload;
      if (payload.end - offset < 8) return cannotUse('ip: an extension header that is cut');
      if (protocol === fragmentHeader) {
        if (!readFragmentHeader(time)) return false;
        continue;
      }
      const units = bytes[offset + 1]!;
      const size = protocol === authentication ? (units + 2) * 4 : (units + 1) * 8;
      if (payload.end - offset < size) return cannotUse('ip: an extension header that is cut');
      payload.protocol = bytes[offset]!;
      payload.offset += size;
    }
    return cannotUse('ip: too many extension headers');
  }

  function readFragmentHeader(time: Time): boolean {
    const { bytes, offset } = payload;
    const place = bytes.readUInt16BE(offset + 2);
    payload.protocol = bytes[offset]!;
    payload.offset += 8;
    if ((place & 0xfff9) === 0) return true;
    return reassemble(time, bytes.readUInt32BE(offset + 4), place >> 3, (place & 1) === 0);
  }

  /** `units`: the fragment's offset in units of eight bytes. IPv4 tells datagrams apart by `protocol` too. */
  function reassemble(time: Time, id: number, units: number, isLast: boolean, protocol = -1): boolean {
    const { source, destination } = payload;
    if (payload.missing > 0) return cannotUse('ip: a fragment that the capture cut');
    const bytes = payload.bytes.subarray(payload.offset, payload.end);
    if (bytes.length === 0 || (!isLast && bytes.length % 8 !== 0)) {
      return cannotUse('ip: a fragment of a length that cannot be');
    }
    const key = `${source} ${destination} ${protocol} ${id}`;
    const start = units * 8;
    const whole = defragmenter.add({ key, time, start, bytes, isLast, protocol: payload.protocol });
    if (!whole) return false;
    payload.bytes = whole.bytes;
    payload.offset = 0;
    payload.end = whole.bytes.length;
    payload.protocol = whole.protocol;
    return true;
  }

  /** Leaves out what pads the frame, and counts what the capture cut off. */
  function limit(header: number, total: number, available: number): void {
    payload.end = payload.offset + Math.min(total, available);
    payload.missing = Math.max(0, total - available);
    payload.offset += header;
  }

  function cannotUse(reason: string): false {
    discard(reason);
    return false;
  }

  return {
    read,
    get datagrams() {
      return defragmenter.size;
    },
  };
}

function isExtension(protocol: number): boolean {
  return (
    protocol === hopByHop ||
    protocol === routing ||
    protocol === fragmentHeader ||
    protocol === authentication ||
    protocol === destinationOptions
  );
}
