// An address that was banned so often that it is proposed for the denylist; what a person said to that is remembered.
import type { Network } from './address.ts';
import type { Time } from './time.ts';

/** One for each target. */
export interface Proposal {
  readonly target: Network;
  readonly time: Time;
  /** How often it was banned by then, on proven evidence, within `[decide] block_window`. */
  readonly bans: number;
  /** In a person's words. */
  readonly reason: string;
  readonly answer?: 'approved' | 'dismissed';
  /** Bans before then are not counted again. */
  readonly answeredTime?: Time;
  readonly answeredBy?: string;
}
