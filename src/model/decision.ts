// What to do about a source, until when, and because of what.
import type { Network } from './address.ts';
import type { ProofLevel } from './detection.ts';
import type { LimitName, SourcePort } from './enforcer.ts';
import type { BlastRadius } from './shield-entry.ts';
import type { Time } from './time.ts';

/**
 * `ban`: proven offenders, escalating. `drop`: asserted evidence only, short, its own bounded set. `limit`: the kernel
 * slows it. Where phones or trunks of ours are behind the address, less than that: `port-ban` blocks one source port,
 * `held` is a ban that waits for a person, `stale-phone` names a phone of ours with a wrong password, and `notice` only
 * tells. `expel`: a stranger who got in is put out of the PBX, and nothing is blocked.
 */
export const actions = [
  'ban',
  'drop',
  'limit',
  'port-ban',
  'held',
  'expel',
  'stale-phone',
  'notice',
] as const;
export type Action = (typeof actions)[number];

/** Whether it keeps packets away. */
export function blocks(action: Action): boolean {
  return action === 'ban' || action === 'drop' || action === 'port-ban' || action === 'limit';
}

export interface Decision {
  readonly id: string;
  readonly time: Time;
  readonly target: Network;
  readonly action: Action;
  /** With `port-ban`: the one port of the address that is blocked. */
  readonly port?: SourcePort;
  /** With `limit`: what it may send less of. */
  readonly limit?: LimitName;
  /** Absent for what has no end of its own. */
  readonly until?: Time;
  readonly cause: Cause;
  /** Why this action and not another, in one sentence for a person. */
  readonly reason: string;
  /** With `stale-phone`: which one. Strangers' text. */
  readonly phone?: StalePhone;
  /** Who of ours is behind the target, where anybody is. */
  readonly behind?: BlastRadius;
  /** How often this source was acted upon before, plus one. */
  readonly offence: number;
  /** False in observe mode: what would have been done. */
  readonly enforced: boolean;
}

/** A phone of ours that tries again and again with a wrong password. */
export interface StalePhone {
  readonly account: string;
  readonly userAgent?: string;
  readonly everyMs: number;
}

export type Cause =
  | { readonly kind: 'detection'; readonly attack: string; readonly proof: ProofLevel }
  | { readonly kind: 'manual'; readonly by: string; readonly note: string };

/**
 * What stands against blocking an address. `in-use` speaks of a single port: a contact, a trunk or a live call uses it.
 */
export interface Untouchable {
  readonly because: 'own' | 'reserved' | 'allowlisted' | 'administrator' | 'gateway' | 'shielded' | 'in-use';
  readonly detail: string;
}
