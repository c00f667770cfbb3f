// Puts IP datagrams together from their fragments, as Linux does, so that what we read is what the PBX reads.
// Bounded in datagrams, bytes and time.
import type { Time } from '../model/time.ts';
import type { Discard } from './packet.ts';

export interface Fragment {
  /** What all fragments of a datagram share: addresses, identification (IPv4: protocol too). */
  readonly key: string;
  readonly time: Time;
  /** Offset of `bytes` in the datagram's payload. */
  readonly start: number;
  /** A view; copied. */
  readonly bytes: Buffer;
  readonly isLast: boolean;
  /** Of the payload; that of the first fragment counts (RFC 8200 §4.5). */
  readonly protocol: number;
}

export interface Defragmenter {
  /** The whole payload, once the fragment completes it. */
  add(fragment: Fragment): Reassembled | undefined;
  /** Datagrams in the making; at most `datagramLimit`. */
  readonly size: number;
}

export interface Reassembled {
  readonly bytes: Buffer;
  readonly protocol: number;
}

export const datagramLimit = 256;
const largestPayload = 65_535;
/** A 64 KiB datagram over the smallest IPv6 link has 53. */
const pieceLimit = 128;
const patienceMs = 30_000;

interface Datagram {
  readonly startTime: Time;
  pieces: Fragment[];
  received: number;
  /** Known with the last fragment. */
  total: number | undefined;
}

export function createDefragmenter(discard: Discard): Defragmenter {
  const datagrams = new Map<string, Datagram>();

  function add(fragment: Fragment): Reassembled | undefined {
    forgetOld(fragment.time);
    const datagram = datagrams.get(fragment.key) ?? begin(fragment);
    const problem = insert(datagram, fragment);
    if (problem) {
      discard(problem);
      if (problem !== repeated) datagrams.delete(fragment.key);
      return undefined;
    }
    if (datagram.received !== datagram.total) return undefined;
    datagrams.delete(fragment.key);
    return join(datagram);
  }

  function begin({ key, time }: Fragment): Datagram {
    const datagram: Datagram = { startTime: time, pieces: [], received: 0, total: undefined };
    if (datagrams.size >= datagramLimit) forgetOldest('ip: fragments of too many datagrams at once');
    datagrams.set(key, datagram);
    return datagram;
  }

  function forgetOld(now: Time): void {
    for (const { startTime } of datagrams.values()) {
      if (now - startTime <= patienceMs) return;
      forgetOldest('ip: a datagram whose other fragments did not come');
    }
  }

  function forgetOldest(reason: string): void {
    const [oldest] = datagrams.keys();
    if (oldest !== undefined && datagrams.delete(oldest)) discard(reason);
  }

  return {
    add,
    get size() {
      return datagrams.size;
    },
  };
}

const repeated = 'ip: a fragment that came before';

/** Returns why it does not fit, if it does not. */
function insert(datagram: Datagram, fragment: Fragment): string | undefined {
  const { start, bytes, isLast } = fragment;
  const end = start + bytes.length;
  if (end > largestPayload) return 'ip: fragments of more than 64 KiB';
  for (const piece of datagram.pieces) {
    const pieceEnd = piece.start + piece.bytes.length;
    // The same place again is no attack; Linux keeps the first, and so do we.
    if (piece.start === start && pieceEnd === end) return repeated;
    if (start < pieceEnd && piece.start < end) return 'ip: fragments that overlap';
    if (isLast && pieceEnd > end) return 'ip: fragments after the last';
  }
  if (datagram.total !== undefined && (isLast || end > datagram.total)) return 'ip: fragments after the last';
  if (datagram.pieces.length >= pieceLimit) return 'ip: a datagram in too many fragments';
  if (isLast) datagram.total = end;
  datagram.received += bytes.length;
  datagram.pieces.push({ ...fragment, bytes: Buffer.from(bytes) });
  return undefined;
}

function join({ pieces, received }: Datagram): Reassembled {
  const whole = Buffer.alloc(received);
  let protocol = 0;
  for (const piece of pieces) {
    piece.bytes.copy(whole, piece.start);
    if (piece.start === 0) protocol = piece.protocol;
  }
  return { bytes: whole, protocol };
}
