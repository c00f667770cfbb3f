// A change that a person forced against a protection: made until confirmed, and undone when nobody confirms it in time.
import type { ListTarget } from './list-entry.ts';
import type { Time } from './time.ts';

export const changeKinds = ['ban', 'deny', 'mode'] as const;

export interface Change {
  readonly id: string;
  /** A ban, an entry of the denylist, or the step from observing to enforcing. */
  readonly kind: (typeof changeKinds)[number];
  /** Absent for `mode`. */
  readonly target?: ListTarget;
  readonly by: string;
  readonly time: Time;
  /** When it is undone by itself. */
  readonly until: Time;
  /** What it hits, in a person's words. */
  readonly hits: readonly string[];
}
