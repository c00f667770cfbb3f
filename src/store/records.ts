// What the store gives back that the model has no word for.
import type { Address, Network } from '../model/address.ts';
import type { Decision } from '../model/decision.ts';
import type { Time } from '../model/time.ts';

export interface StoredDecision extends Decision {
  /** A person ended it before its time. */
  readonly ended?: { readonly time: Time; readonly by: string };
}

/** How often a target was acted upon. */
export interface OffenceHistory {
  readonly bans: number;
  readonly drops: number;
  readonly lastTime?: Time;
}

export type ListName = 'allow' | 'deny';

export interface ListEntry {
  readonly target: Network;
  readonly note: string;
  readonly author: string;
  readonly time: Time;
  readonly until?: Time;
}

export interface ShieldEntry {
  readonly address: Address;
  readonly account: string;
  readonly since: Time;
  readonly until: Time;
  readonly lastSeen: Time;
}
