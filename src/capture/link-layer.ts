// Finds the IP packet in a captured frame, and which way it went: told by the netfilter hook or the kernel's packet
// type that the capture recorded, never by an address.
import type { Frame } from './frame.ts';
import { readNflog } from './nflog-record.ts';
import type { CapturedPacket, Direction } from './packet.ts';

const ethernetHeader = 14;
const cookedHeader = 16;
const cookedV2Header = 20;
const pppoeHeader = 8;
const tagLimit = 4;

/** AF_INET, and AF_INET6 of Linux, NetBSD, FreeBSD and macOS. */
const ipFamilies = new Set([2, 10, 24, 28, 30]);

/** Fills `frame`; returns why it cannot be used, if it cannot. */
export function readLinkLayer({ data, linkType }: CapturedPacket, frame: Frame): string | undefined {
  frame.offset = 0;
  frame.end = data.length;
  frame.direction = 'unknown';
  frame.limit = undefined;
  switch (linkType) {
    case 1:
      return readEthernetPayload(data, ethernetHeader - 2, frame);
    case 113:
      frame.direction = data.length >= 2 ? directionOf(data[0]! * 256 + data[1]!) : 'unknown';
      return readEthernetPayload(data, cookedHeader - 2, frame);
    case 276:
      frame.direction = data.length > 10 ? directionOf(data[10]!) : 'unknown';
      return readCookedV2(data, frame);
    case 239:
      return readNflog(data, frame);
    case 0:
    case 108:
      return readLoopback(data, frame);
    case 12:
    case 101:
    case 228:
    case 229:
      return undefined;
    default:
      return 'link: a link type that is not read';
  }
}

/** PACKET_HOST and PACKET_OUTGOING of packet(7); broadcast, multicast and others' packets say nothing. */
function directionOf(packetType: number): Direction {
  if (packetType === 4) return 'out';
  return packetType === 0 ? 'in' : 'unknown';
}

/** `typeAt`: where the EtherType stands; tags and a PPPoE session may lie between it and the IP packet. */
function readEthernetPayload(data: Buffer, typeAt: number, frame: Frame): string | undefined {
  let at = typeAt;
  for (let tags = 0; tags <= tagLimit; tags += 1, at += 4) {
    if (at + 2 > data.length) return 'link: a frame that is cut';
    const type = data.readUInt16BE(at);
    if (type === 0x8100 || type === 0x88a8 || type === 0x9100) continue;
    frame.offset = at + 2;
    return readEtherType(data, type, frame);
  }
  return 'link: too many VLAN tags';
}

function readCookedV2(data: Buffer, frame: Frame): string | undefined {
  if (data.length < cookedV2Header) return 'link: a frame that is cut';
  const type = data.readUInt16BE(0);
  frame.offset = cookedV2Header;
  if (type !== 0x8100 && type !== 0x88a8 && type !== 0x9100) return readEtherType(data, type, frame);
  return readEthernetPayload(data, cookedV2Header + 2, frame);
}

function readEtherType(data: Buffer, type: number, frame: Frame): string | undefined {
  if (type === 0x0800 || type === 0x86dd) return undefined;
  return type === 0x8864 ? readPppoeSession(data, frame) : 'link: no IP packet';
}

/** RFC 2516 §4: version 1, type 1, code 0, session, length; then the PPP protocol. */
function readPppoeSession(data: Buffer, frame: Frame): string | undefined {
  const at = frame.offset;
  if (at + pppoeHeader > data.length) return 'link: a frame that is cut';
  const protocol = data.readUInt16BE(at + 6);
  if (data.readUInt16BE(at) !== 0x1100 || (protocol !== 0x21 && protocol !== 0x57))
    return 'link: no IP packet';
  frame.offset = at + pppoeHeader;
  return undefined;
}

/** Four bytes of address family, in the byte order of the machine that captured (0) or of the network (108). */
function readLoopback(data: Buffer, frame: Frame): string | undefined {
  if (data.length < 4) return 'link: a frame that is cut';
  const family = data.readUInt16BE(0) === 0 ? data.readUInt16BE(2) : data.readUInt32LE(0);
  frame.offset = 4;
  return ipFamilies.has(family) ? undefined : 'link: no IP packet';
}
