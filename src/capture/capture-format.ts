// What the reader of a capture and the two file formats say to each other.
import type { CapturedPacket, Discard } from './packet.ts';

/** One file format. A unit is a file header, a record or a block. */
export interface CaptureFormat {
  /**
   * Bytes of the unit that begins at `start`, or of its header where that does not lie before `end` as a whole.
   * Negative: so many bytes to pass over unread. 0: nothing from here on can be understood, and `discard` heard why.
   */
  sizeOf(bytes: Buffer, start: number, end: number): number;
  /** Takes in one whole unit. */
  read(bytes: Buffer, start: number, end: number): void;
}

export interface CaptureSink {
  onPacket(packet: CapturedPacket): void;
  readonly onDiscard: Discard;
}

/** The one packet of a reader, filled anew for each record. */
export type MutablePacket = { -readonly [Key in keyof CapturedPacket]: CapturedPacket[Key] };

/** Longest packet that is believed, in bytes (libpcap's MAXIMUM_SNAPLEN). */
export const longestPacket = 262_144;

export const emptyPacket = (): MutablePacket => ({
  time: 0,
  linkType: 0,
  data: Buffer.alloc(0),
  originalLength: 0,
});
