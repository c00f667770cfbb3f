// An address or network that is known to be ours: who is there, why we believe it, and until when.
import type { Network } from './address.ts';
import type { SourcePort } from './enforcer.ts';
import type { Time } from './time.ts';

/**
 * `phone`: somebody behind it authenticated. `trunk`: the PBX is configured to talk to it. `call`: a call that was
 * answered. `administrator`: logged in to this host. `gateway`: this host's way to the network.
 */
export const shieldKinds = ['phone', 'trunk', 'call', 'administrator', 'gateway'] as const;
export type ShieldKind = (typeof shieldKinds)[number];

/** One for each kind, target and name. */
export interface ShieldEntry {
  readonly kind: ShieldKind;
  readonly target: Network;
  /** The account, endpoint, channel or user. */
  readonly name: string;
  /** In a person's words. */
  readonly why: string;
  readonly since: Time;
  /** Since when successes here are proven (a success over UDP alone is not). Only this grows old. */
  readonly provenSince?: Time;
  readonly lastSeen: Time;
  /** Absent where it holds until somebody says otherwise. */
  readonly until?: Time;
  /** Ports that it was seen to use, the newest last. */
  readonly ports: readonly SourcePort[];
  /** Of the registration, by which the PBX's own list tells how long it holds. */
  readonly callId?: string;
}

/** Who would be cut off with an address. */
export interface BlastRadius {
  readonly phones: number;
  readonly trunks: number;
  readonly calls: number;
  /** Some of their names. */
  readonly names: readonly string[];
}
