// What to do about a source, until when, and because of what.
import type { Network } from './address.ts';
import type { ProofLevel } from './detection.ts';
import type { Time } from './time.ts';

/**
 * `ban`: proven offenders, escalating. `drop`: asserted evidence only, short, its own bounded set.
 * `notice`: nothing is blocked, a person is told.
 */
export type Action = 'ban' | 'drop' | 'notice';

export interface Decision {
  readonly id: string;
  readonly time: Time;
  readonly target: Network;
  readonly action: Action;
  /** Absent for a notice. */
  readonly until?: Time;
  readonly cause: Cause;
  /** Why this action and not another, in one sentence for a person. */
  readonly reason: string;
  /** How often this source was acted upon before, plus one. */
  readonly offence: number;
  /** False in observe mode: what would have been done. */
  readonly enforced: boolean;
}

export type Cause =
  | { readonly kind: 'detection'; readonly attack: string; readonly proof: ProofLevel }
  | { readonly kind: 'manual'; readonly by: string; readonly note: string };

/** Why an address must not be blocked; the first that applies. */
export interface Untouchable {
  readonly because: 'own' | 'reserved' | 'allowlisted' | 'shielded';
  readonly detail: string;
}
