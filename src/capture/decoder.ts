// From a captured frame to whole SIP (and TFTP) messages: link layer, IP, UDP, TCP. What it cannot use is counted by
// reason. It never reads what a message says.
import type { Address, Peer } from '../model/address.ts';
import type { LimitName } from '../model/enforcer.ts';
import type { Time } from '../model/time.ts';
import type { Excess } from './excess.ts';
import type { Frame } from './frame.ts';
import { createIpReader, type IpPayload } from './ip.ts';
import { readLinkLayer } from './link-layer.ts';
import type { CapturedPacket, Direction, Discard, WireMessage } from './packet.ts';
import type { PortUse } from './port-filter.ts';
import { createTcpStreams } from './tcp-streams.ts';
import { readFileAnswer } from './tftp.ts';

export interface DecoderOptions {
  /** Whether a port of ours is for SIP over that transport, or for requests for files. */
  isProtected(use: PortUse, port: number): boolean;
  onMessage(message: WireMessage): void;
  /** A TCP connection began with what is no SIP. */
  onForeign?(message: WireMessage): void;
  /** A request for a file, or what may be the first answer to one. */
  onTftp?(message: WireMessage): void;
  /** The kernel dropped the packet, as one too many of its source. */
  onExcess?(excess: Excess): void;
  readonly discard: Discard;
  /** For recordings that do not say which way a packet went. */
  isLocal?(address: Address): boolean;
}

export interface Decoder {
  packet(packet: CapturedPacket): void;
  readonly counters: { readonly packets: number };
}

const udp = 17;
const tcp = 6;
const syn = 0x02;
const ack = 0x10;

export function createDecoder(options: DecoderOptions): Decoder {
  const { isProtected, onMessage, onForeign, onTftp, onExcess, discard, isLocal } = options;
  const counters = { packets: 0 };
  const frame: Frame = { offset: 0, end: 0, direction: 'unknown', limit: undefined };
  const ip = createIpReader(discard);
  const streams = createTcpStreams({ onMessage, ...(onForeign && { onForeign }), discard });

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
    const length = bytes.readUInt16BE(offset + 4);
    if (length < 8) return 'udp: a length that cannot be';
    const end = Math.min(payload.end, offset + length);
    if (end === offset + 8 && length > 8) return 'udp: a text that is cut';
    const hand = recipientOf(direction, payload, end);
    if (!hand) return 'not a protected port';
    if (hand === onMessage && isKeepAlive(bytes, offset + 8, end)) return 'udp: a keep-alive';
    const text = bytes.subarray(offset + 8, end);
    hand({ time, direction, transport: 'udp', ...peersOf(payload), bytes: text, isConnectionProven: false });
    return undefined;
  }

  /** A server of files answers from any port; who asked is known to whoever is handed the answer. */
  function recipientOf(
    direction: Direction,
    payload: IpPayload,
    end: number,
  ): DecoderOptions['onMessage'] | undefined {
    const { bytes, offset } = payload;
    if (isOurEnd('udp', direction, payload)) return onMessage;
    if (direction !== 'out' && isProtected('tftp', bytes.readUInt16BE(offset + 2))) return onTftp;
    // Media begins with another byte.
    if (direction === 'in' || bytes[offset + 8] !== 0) return undefined;
    return readFileAnswer(bytes.subarray(offset + 8, end)) ? onTftp : undefined;
  }

  function readTcp(time: Time, payload: IpPayload): string | undefined {
    const { bytes, offset, end, missing } = payload;
    if (end - offset < 20) return 'tcp: a header that is cut';
    const direction = directionOf(payload);
    if (!isOurEnd('tcp', direction, payload)) return 'not a protected port';
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

  /** Whether our end of it is a port for SIP. */
  function isOurEnd(transport: 'udp' | 'tcp', direction: Direction, { bytes, offset }: IpPayload): boolean {
    const isFromSip = direction !== 'in' && isProtected(transport, bytes.readUInt16BE(offset));
    return isFromSip || (direction !== 'out' && isProtected(transport, bytes.readUInt16BE(offset + 2)));
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
