// Brings TCP segments into order, per flow and bounded, and has SIP messages cut out of them. It acknowledges nothing
// and waits for nobody: what the capture did not see is a gap.
import { LRUCache } from 'lru-cache';
import type { Peer } from '../model/address.ts';
import type { Time } from '../model/time.ts';
import type { Direction, Discard, WireMessage } from './packet.ts';
import { beginsMessage, createSipCutter, longestMessage, type SipCutter } from './sip-cutter.ts';
import { createTcpConnections, type SegmentFit } from './tcp-connections.ts';

export interface TcpSegment {
  readonly time: Time;
  readonly direction: Direction;
  readonly source: Peer;
  readonly destination: Peer;
  readonly sequence: number;
  /** Undefined without the ACK flag. */
  readonly acknowledgement: number | undefined;
  readonly isSyn: boolean;
  readonly bytes: Buffer;
  /** Bytes of payload that followed on the wire and that the capture cut off. */
  readonly missing: number;
}

export interface TcpStreams {
  segment(segment: TcpSegment): void;
  /** Flows with state (at most `flowLimit`), connections remembered, and bytes kept for all flows. */
  readonly held: { readonly flows: number; readonly connections: number; readonly bytes: number };
}

export interface TcpStreamsOptions {
  onMessage(message: WireMessage): void;
  /** What a connection begins with where that is no SIP. */
  onForeign?(message: WireMessage): void;
  readonly discard: Discard;
}

export const flowLimit = 1_024;
const idleMs = 60_000;
/** A segment that lies further back than any sender repeats belongs to another connection. Bytes. */
const repeatWindow = 1_048_576;
const earlyLimit = 8;

interface Piece {
  readonly sequence: number;
  readonly bytes: Buffer;
  readonly missing: number;
  readonly isProven: boolean;
}

interface Stream {
  readonly cutter: SipCutter;
  expected: number;
  /** Pieces that came before what they follow. */
  early: Piece[];
}

export function createTcpStreams({ onMessage, onForeign, discard }: TcpStreamsOptions): TcpStreams {
  const connections = createTcpConnections();
  let now: Time = 0;
  let current: TcpSegment | undefined;
  const streams = new LRUCache<string, Stream>({
    max: flowLimit,
    ttl: idleMs,
    ttlResolution: 0,
    updateAgeOnGet: true,
    perf: { now: () => now },
  });

  let purgeTime: Time = 0;

  function segment(segment: TcpSegment): void {
    now = segment.time;
    current = segment;
    if (now - purgeTime > idleMs) {
      streams.purgeStale();
      purgeTime = now;
    }
    if (segment.isSyn) noteSyn(segment);
    else if (segment.bytes.length + segment.missing > 0) notePayload(segment);
    current = undefined;
  }

  /** Only a SYN-ACK that we saw leave proves anything, and one that came in says nothing: everybody can make it. */
  function noteSyn({ direction, source, destination, sequence, acknowledgement }: TcpSegment): void {
    if (direction === 'in' || acknowledgement === undefined) return;
    const key = flowKey(destination, source);
    if (!connections.accept(key, { sequence, acknowledgement, isOurs: direction === 'out' })) return;
    streams.delete(key);
    streams.delete(flowKey(source, destination));
  }

  function notePayload(segment: TcpSegment): void {
    const { source, destination, sequence, bytes, missing } = segment;
    const key = flowKey(source, destination);
    const first = connections.firstExpected(key);
    const fit = judge(key, segment);
    if (fit === 'outside') {
      // No receiver would take it, so it must not disturb what the receiver takes; but it is evidence.
      cutAlone(bytes);
      return;
    }
    const stream = streams.get(key) ?? begin(key, first, sequence);
    arrive(stream, { sequence, bytes, missing, isProven: fit === 'proven' });
  }

  function judge(key: string, segment: TcpSegment): SegmentFit {
    const { direction, source, destination, sequence, acknowledgement } = segment;
    const length = segment.bytes.length + segment.missing;
    if (direction !== 'out') return connections.judge(key, sequence, length, acknowledgement);
    connections.noteSent(flowKey(destination, source), sequence + length);
    return 'unknown';
  }

  function begin(key: string, first: number | undefined, sequence: number): Stream {
    const cutter = createSipCutter({
      ...{ onMessage: emit, onForeign: emitForeign, discard, isSynced: first !== undefined },
    });
    const stream = { cutter, expected: first ?? sequence, early: [] };
    streams.set(key, stream);
    return stream;
  }

  function cutAlone(bytes: Buffer): void {
    const cutter = createSipCutter({ onMessage: emit, discard, isSynced: false });
    cutter.push(bytes, false);
    cutter.lose();
  }

  function arrive(stream: Stream, piece: Piece): void {
    const ahead = (piece.sequence - stream.expected) | 0;
    const isNear = ahead <= repeatWindow && ahead >= -repeatWindow;
    if (isNear && ahead > 0 && isWorthWaiting(stream, piece)) {
      stream.early.push({ ...piece, bytes: Buffer.from(piece.bytes) });
      return;
    }
    if (!isNear || ahead > 0) jump(stream, piece.sequence);
    append(stream, piece);
    for (let next = takeNext(stream); next; next = takeNext(stream)) append(stream, next);
  }

  /** What is missing in front of it was lost, and will not come. */
  function jump(stream: Stream, sequence: number): void {
    for (const _ of stream.early) discard('tcp: bytes after a gap');
    stream.early = [];
    stream.cutter.lose();
    stream.expected = sequence;
  }

  function append(stream: Stream, { sequence, bytes, missing, isProven }: Piece): void {
    const repeated = (stream.expected - sequence) | 0;
    if (repeated >= bytes.length + missing) {
      discard('tcp: bytes that came before');
      return;
    }
    stream.expected = (sequence + bytes.length + missing) | 0;
    if (repeated < bytes.length) stream.cutter.push(bytes.subarray(repeated), isProven);
    if (missing > 0) stream.cutter.lose();
  }

  function emit(bytes: Buffer, isConnectionProven: boolean): void {
    if (current) onMessage(messageOf(current, bytes, isConnectionProven));
  }

  function emitForeign(bytes: Buffer, isConnectionProven: boolean): void {
    if (current) onForeign?.(messageOf(current, bytes, isConnectionProven));
  }

  return {
    segment,
    get held() {
      const bytes = [...streams.values()].reduce((sum, stream) => sum + keptBytes(stream), 0);
      return { flows: streams.size, connections: connections.size, bytes };
    },
  };
}

function messageOf(segment: TcpSegment, bytes: Buffer, isConnectionProven: boolean): WireMessage {
  const { time, direction, source, destination } = segment;
  return { time, direction, transport: 'tcp', source, destination, bytes, isConnectionProven };
}

/** A piece that begins a message can be read at once, and one of a message whose beginning is lost never. */
function isWorthWaiting(stream: Stream, { bytes }: Piece): boolean {
  if (!stream.cutter.isSynced || beginsMessage(bytes)) return false;
  return stream.early.length < earlyLimit && keptBytes(stream) + bytes.length <= longestMessage;
}

/** Takes out an early piece that the stream has now reached. */
function takeNext(stream: Stream): Piece | undefined {
  const index = stream.early.findIndex((piece) => ((piece.sequence - stream.expected) | 0) <= 0);
  return index < 0 ? undefined : stream.early.splice(index, 1)[0];
}

function keptBytes({ cutter, early }: Stream): number {
  return early.reduce((sum, piece) => sum + piece.bytes.length, cutter.kept);
}

function flowKey(source: Peer, destination: Peer): string {
  return `${source.address}|${source.port}|${destination.address}|${destination.port}`;
}
