// Where the IP packet lies in a captured frame, and which way it went. One object is filled again and again.
import type { LimitName } from '../model/enforcer.ts';
import type { Direction } from './packet.ts';

export interface Frame {
  offset: number;
  end: number;
  direction: Direction;
  /** The limit that the packet exceeded, and was dropped for. */
  limit: LimitName | undefined;
}
