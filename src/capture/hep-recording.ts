// Cuts a recording of HEP into its datagrams: they stand one after the other, and each tells its own length.
import { hepHeader, hepMagic } from './hep.ts';
import type { Discard } from './packet.ts';

export interface HepRecordingOptions {
  /** `bytes` stay as they are. */
  onDatagram(bytes: Buffer): void;
  readonly discard: Discard;
}

/** What stands between datagrams is read over; no more than one datagram is held back. */
export function createHepRecordingReader({ onDatagram, discard }: HepRecordingOptions): {
  push(chunk: Buffer): void;
  end(): void;
} {
  let rest = Buffer.alloc(0);
  return {
    push(chunk) {
      const bytes = Buffer.concat([rest, chunk]);
      let at = 0;
      while (at < bytes.length) {
        const start = bytes.indexOf(hepMagic, at, 'latin1');
        // The magic itself may be cut.
        const next = start >= 0 ? start : Math.max(at, bytes.length - (hepMagic.length - 1));
        if (next > at) discard('hep: bytes between datagrams');
        at = next;
        if (start < 0 || bytes.length - at < hepHeader) break;
        const end = at + Math.max(bytes.readUInt16BE(at + hepMagic.length), hepHeader);
        if (end > bytes.length) break;
        onDatagram(bytes.subarray(at, end));
        at = end;
      }
      rest = bytes.subarray(at);
    },
    end() {
      if (rest.length > 0) discard('hep: a datagram that is cut');
    },
  };
}
