// What programs beside sipwarden are told of, as it happens.
import type { Network } from './address.ts';
import type { Alarm } from './alarm.ts';
import type { Attack } from './attack.ts';
import type { Decision } from './decision.ts';
import type { Place } from './enforcer.ts';
import type { Time } from './time.ts';

export type Happening =
  | { readonly kind: 'decided'; readonly decision: Decision }
  /** By an order, or because it turned out to be ours; what runs out by itself is not told. */
  | {
      readonly kind: 'unblocked';
      readonly time: Time;
      readonly target: Network;
      /** What less than all of it was blocked, where that is lifted alone. */
      readonly places: readonly Place[];
      readonly isWhole: boolean;
      readonly by: string;
    }
  /** A record is new or has grown. */
  | { readonly kind: 'attacked'; readonly attack: Attack }
  | { readonly kind: 'alarm'; readonly time: Time; readonly alarm: Alarm; readonly isOver: boolean };

/** Never throws, never waits. */
export type Tell = (happening: Happening) => void;
