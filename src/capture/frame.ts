// Where the IP packet lies in a captured frame, and which way it went. One object is filled again and again.
import type { Direction } from './packet.ts';

export interface Frame {
  offset: number;
  end: number;
  direction: Direction;
}
