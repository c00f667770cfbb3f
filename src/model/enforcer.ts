// What every enforcer can do. One contract suite (test/contracts) holds for all of them.
import type { Network } from './address.ts';
import type { Time } from './time.ts';

/**
 * In the order in which the firewall asks them: `allow` wins over all; what persons decided (`deny`, `order`: a ban that
 * a person ordered) and single ports (`port`) win over `shield`, and `shield` over `ban` and `drop`.
 */
export const setNames = ['allow', 'deny', 'order', 'port', 'shield', 'ban', 'drop'] as const;
export type SetName = (typeof setNames)[number];

/** One source port of an address. */
export interface SourcePort {
  readonly protocol: 'udp' | 'tcp';
  readonly port: number;
}

/** One address or network in one set. Without `until` it stays until it is removed. */
export interface Entry {
  readonly set: SetName;
  readonly target: Network;
  /** In the set `port`, and only there: nothing but this port of the address, which is no network then. */
  readonly port?: SourcePort;
  readonly until?: Time;
}

/** Where an entry lies; two entries of one place are one. */
export type Place = Pick<Entry, 'set' | 'target' | 'port'>;

export interface Enforcer {
  readonly name: string;
  /** Puts sets and rules in place, idempotently and atomically; members that the kernel already holds stay. */
  prepare(): Promise<void>;
  /** Resolves when the kernel has acknowledged. Adding again sets the new time-out. Rejects with FIREWALL_* codes. */
  add(entry: Entry): Promise<void>;
  /** Resolves also where the entry was not there. */
  remove(place: Place): Promise<void>;
  /** Read back from the kernel, not from memory. */
  list(): Promise<readonly Entry[]>;
  /** Stops our children and leaves the kernel as it is: bans run out by themselves. */
  close(): Promise<void>;
  /** Removes everything of ours from the kernel, and nothing else. */
  teardown(): Promise<void>;
}
