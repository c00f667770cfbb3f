// What passes between the layers of the sidecar: a captured frame, and a message as it was on the wire.
import type { Peer } from '../model/address.ts';
import type { Transport } from '../model/observation.ts';
import type { Time } from '../model/time.ts';

/** One record of a capture. `data` is a view into a reused buffer: valid only during the call that hands it over. */
export interface CapturedPacket {
  readonly time: Time;
  /** LINKTYPE_* of the record's interface. */
  readonly linkType: number;
  readonly data: Buffer;
  /** Length on the wire; larger than `data` where the capture cut it. */
  readonly originalLength: number;
}

/**
 * Whether *we* sent it: told by the hook that saw the packet (NFLOG prefix and hook, capture direction), never by its
 * source address or port. `unknown` on a mirror port, and where whoever mirrors shows no password.
 */
export type Direction = 'in' | 'out' | 'unknown';

/** One whole SIP (or TFTP) message, taken from a datagram, cut out of a TCP stream, or mirrored by the PBX. */
export interface WireMessage {
  readonly time: Time;
  readonly direction: Direction;
  readonly transport: Transport;
  readonly source: Peer;
  readonly destination: Peer;
  /** A view, valid only during the call. */
  readonly bytes: Buffer;
  /**
   * Not over UDP. In packets: the segment acknowledges bytes of a SYN-ACK that we saw leave, which a blind forger cannot
   * know. Mirrored: a PBX that showed its password read it from the connection.
   */
  readonly isConnectionProven: boolean;
}

/** Why something that was captured was not used. Counted, shown by `status` and `replay`, never silent. */
export type Discard = (reason: string) => void;
