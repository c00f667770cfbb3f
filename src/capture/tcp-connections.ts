// Tells whether a TCP segment belongs to a connection that we accepted: it must fit the sequence numbers of a SYN-ACK
// that we saw leave, which nobody knows who did not receive it.
import { LRUCache } from 'lru-cache';

/**
 * `unknown`: we saw no SYN-ACK, so nothing can be said. `outside`: no receiver would accept it. `inside`: it fits a
 * SYN-ACK of which nobody can say that it was ours.
 */
export type SegmentFit = 'proven' | 'inside' | 'outside' | 'unknown';

export interface TcpConnections {
  /** A SYN-ACK, of ours for certain or not; false where it tells nothing new. */
  accept(key: string, synAck: SynAck): boolean;
  /** Payload of ours left, up to (not including) this sequence number. */
  noteSent(key: string, end: number): void;
  /** A segment came in; `acknowledgement` is undefined without the ACK flag. */
  judge(key: string, sequence: number, length: number, acknowledgement: number | undefined): SegmentFit;
  /** The sequence number of the peer's first byte, as long as none came. */
  firstExpected(key: string): number | undefined;
  /** Connections remembered; at most `connectionLimit`. */
  readonly size: number;
}

export interface SynAck {
  readonly sequence: number;
  readonly acknowledgement: number;
  /** We saw it leave. */
  readonly isOurs: boolean;
}

/** What one direction has reached: the next sequence number, and bytes since its beginning. */
interface Progress {
  next: number;
  bytes: number;
}

interface Connection {
  readonly initial: number;
  readonly isOurs: boolean;
  readonly sent: Progress;
  readonly received: Progress;
}

export const connectionLimit = 8_192;

/** How far a segment may lie from what we saw, in bytes: the capture's own limits hide some. */
const window = 1_048_576;

export function createTcpConnections(): TcpConnections {
  const connections = new LRUCache<string, Connection>({ max: connectionLimit });

  function accept(key: string, { sequence, acknowledgement, isOurs }: SynAck): boolean {
    const known = connections.get(key);
    const isRepeated = known?.initial === sequence && known.isOurs === isOurs;
    const isWeaker = known?.isOurs === true && !isOurs;
    if (isRepeated || isWeaker) return false;
    connections.set(key, {
      initial: sequence,
      isOurs,
      sent: { next: (sequence + 1) | 0, bytes: 0 },
      received: { next: acknowledgement | 0, bytes: 0 },
    });
    return true;
  }

  function noteSent(key: string, end: number): void {
    const connection = connections.get(key);
    if (connection) advance(connection.sent, end);
  }

  function judge(
    key: string,
    sequence: number,
    length: number,
    acknowledgement: number | undefined,
  ): SegmentFit {
    const connection = connections.get(key);
    if (!connection) return 'unknown';
    const { sent, received } = connection;
    if (acknowledgement === undefined || !isNear(sent, acknowledgement)) return 'outside';
    // A forger would have to guess this too, and a receiver would not accept it from anybody (RFC 9293 §3.10.7.4).
    if (!isNear(received, sequence)) return 'outside';
    advance(sent, acknowledgement);
    advance(received, sequence + length);
    return connection.isOurs ? 'proven' : 'inside';
  }

  function firstExpected(key: string): number | undefined {
    const received = connections.get(key)?.received;
    return received?.bytes === 0 ? received.next : undefined;
  }

  return {
    accept,
    noteSent,
    judge,
    firstExpected,
    get size() {
      return connections.size;
    },
  };
}

function isNear({ next, bytes }: Progress, sequence: number): boolean {
  const distance = (sequence - next) | 0;
  return distance <= window && distance >= -Math.min(bytes, window);
}

function advance(progress: Progress, sequence: number): void {
  const distance = (sequence - progress.next) | 0;
  if (distance <= 0) return;
  progress.next = sequence | 0;
  progress.bytes += distance;
}
