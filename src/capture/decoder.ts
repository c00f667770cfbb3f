// From a captured frame to whole SIP (and TFTP) messages: link layer, IP, UDP, TCP. What it cannot use is counted by
// reason. It never reads what a message says.
import type { Address, Peer } from '../model/address.ts';
import type { LimitName } from '../model/enforcer.ts';
import type { Time } from '../model/time.ts';
import type { Frame } from './frame.ts';
import { createIpReader, type IpPayload } from './ip.ts';
import { readLinkLayer } from './link-layer.ts';
import type { CapturedPacket, Direction, Discard, WireMessage } from './packet.ts';
import { createTcpStreams } from './tcp-streams.ts';

export interface DecoderOptions {
  isSipPort(transport: 'udp' | 'tcp', port: number): boolean;
  onMessage(message: WireMessage): void;
  /** The kernel dropped the packet, as one too many of its source. */
  onExcess?(excess: Excess): void;
  readonly discard: Discard;
  /** For recordings that do not say which way a packet went. */
  isLocal?(address: Address): boolean;
}

export interface Excess extends Pick<WireMessage, 'time' | 'transport' | 'source' | 'destination'> {
  readonly limit: LimitName;
}

export interface Decoder {
  packet(packet: CapturedPacket): void;
  readonly counters: { readonly packets: number };
}

const udp = 17;
const tcp = 6;
const syn = 0x02;
const ack = 0x10;

export function createDecoder({ isSipPort, onMessage, onExcess, discard, isLocal }: DecoderOptions): Decoder {
  const counters = { packets: 0 };
  const frame: Frame = { offset: 0, end: 0, direction: 'unknown', limit: undefined };
  const ip = createIpReader(discard);
  const streams = createTcpStreams({ onMessage, discard });

  function packet(captured: CapturedPacket): void {
    counters.packets += 1;
    const problem = readLinkLayer(captured, frame) ?? readIp(captured);
    if (problem) discard(problem);
  }

  /** These return why there is nothing to read, if there is not. */
  function readIp({ data, time }: CapturedPacket): string | undefined {
    const payload = ip.read(data, frame.offset, frame.end, time);
    if (!payload) return undefined;
    if (frame.limit) return readExcess(frame.limit, time, payload);
    if (payload.protocol === udp) return readUdp(time, payload);
    return payload.protocol === tcp ? readTcp(time, payload) : 'ip: neither UDP nor TCP';
  }

  function readUdp(time: Time, payload: IpPayload): string | undefined {
    const { bytes, offset } = payload;
    if (payload.end - offset < 8) return 'udp: a header that is cut';
    const direction = directionOf(payload);
    if (!isProtected('udp', direction, payload)) return 'not a protected port';
    const length = bytes.readUInt16BE(offset + 4);
    if (length < 8) return 'udp: a length that cannot be';
    const end = Math.min(payload.end, offset + length);
    if (end === offset + 8 && length > 8) return 'udp: a text that is cut';
    if (isKeepAlive(bytes, offset + 8, end)) return 'udp: a keep-alive';
    const { source, destination } = peersOf(payload);
    onMessage({
      time,
      direction,
      transport: 'udp',
      source,
      destination,
      bytes: bytes.subarray(offset + 8, end),
      isConnectionProven: false,
    });
    return undefined;
  }

  function readTcp(time: Time, payload: IpPayload): string | undefined {
    const { bytes, offset, end, missing } = payload;
    if (end - offset < 20) return 'tcp: a header that is cut';
    const direction = directionOf(payload);
    if (!isProtected('tcp', direction, payload)) return 'not a protected port';
    const header = (bytes[offset + 12]! >> 4) * 4;
    if (header < 20 || header > end - offset) return 'tcp: a length that cannot be';
    const flags = bytes[offset + 13]!;
    const isSyn = (flags & syn) !== 0;
    // Most segments only acknowledge.
    if (!isSyn && offset + header === end && missing === 0) return undefined;
    streams.segment({
      time,
      direction,
      ...peersOf(payload),
      sequence: bytes.readUInt32BE(offset + 4),
      acknowledgement: flags & ack ? bytes.readUInt32BE(offset + 8) : undefined,
      isSyn,
      bytes: bytes.subarray(offset + header, end),
      missing,
    });
    return undefined;
  }

  function readExcess(limit: LimitName, time: Time, payload: IpPayload): string | undefined {
    const { protocol, offset, end } = payload;
    if ((protocol !== udp && protocol !== tcp) || end - offset < 4) return 'limit: neither UDP nor TCP';
    onExcess?.({ time, limit, transport: protocol === udp ? 'udp' : 'tcp', ...peersOf(payload) });
    return undefined;
  }

  /** Two addresses of ours say nothing about which of them was attacked. */
  function directionOf({ source, destination }: IpPayload): Direction {
    if (frame.direction !== 'unknown' || !isLocal) return frame.direction;
    const isFromUs = isLocal(source);
    if (isFromUs === isLocal(destination)) return 'unknown';
    return isFromUs ? 'out' : 'in';
  }

  /** Whether our end of it is a protected port. */
  function isProtected(
    transport: 'udp' | 'tcp',
    direction: Direction,
    { bytes, offset }: IpPayload,
  ): boolean {
    const isFromSip = direction !== 'in' && isSipPort(transport, bytes.readUInt16BE(offset));
    return isFromSip || (direction !== 'out' && isSipPort(transport, bytes.readUInt16BE(offset + 2)));
  }

  return { packet, counters };
}

function peersOf({ bytes, offset, source, destination }: IpPayload): { source: Peer; destination: Peer } {
  return {
    source: { address: source, port: bytes.readUInt16BE(offset) },
    destination: { address: destination, port: bytes.readUInt16BE(offset + 2) },
  };
}

/** Nothing, line breaks (RFC 5626 §3.5.1), or the NULs that many phones send. */
function isKeepAlive(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte !== 0 && byte !== 10 && byte !== 13) return false;
  }
  return true;
}
