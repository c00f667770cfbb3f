// An address known to be ours because somebody behind it authenticated.
import type { Address } from './address.ts';
import type { Time } from './time.ts';

export interface ShieldEntry {
  readonly address: Address;
  readonly account: string;
  readonly since: Time;
  /** Since when successes here are proven (a success over UDP alone is not). Only this grows old. */
  readonly provenSince?: Time;
  readonly lastSeen: Time;
  readonly until: Time;
}
