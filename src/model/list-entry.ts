// One entry of the allowlist or the denylist: what, why, by whom.
import type { Network } from './address.ts';
import type { Time } from './time.ts';

export const listNames = ['allow', 'deny'] as const;
export type ListName = (typeof listNames)[number];

export interface ListEntry {
  readonly target: Network;
  readonly note: string;
  readonly author: string;
  readonly time: Time;
}
