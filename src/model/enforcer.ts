// What every enforcer can do. One contract suite (test/contracts) holds for all of them.
import type { Network } from './address.ts';
import type { Time } from './time.ts';

/**
 * In the order in which the firewall asks them: `allow` wins over all; what persons decided (`deny`, `order`: a ban that
 * a person ordered) and single ports (`port`) win over `shield`, and `shield` over `ban` and `drop`.
 */
export const setNames = ['allow', 'deny', 'order', 'port', 'shield', 'ban', 'drop'] as const;

/** What a stranger may send so much of. Who sends more is put by the kernel itself into the set of that name, and slowed. */
export const limitNames = ['invite', 'tftp', 'packets'] as const;
export type LimitName = (typeof limitNames)[number];

export type SetName = (typeof setNames)[number] | LimitName;

export function isLimit(set: SetName): set is LimitName {
  return (limitNames as readonly string[]).includes(set);
}

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

/** An entry as the kernel holds it. */
export interface HeldEntry extends Entry {
  /** Of it so far; absent where none came, or nobody counts. */
  readonly packets?: number;
}

/** What the kernel has dropped by itself. Packets since its rules were made. */
export interface KernelDrops {
  readonly hot: Readonly<Record<string, number>>;
  readonly limits: Readonly<Partial<Record<LimitName, number>>>;
}

/** Where an entry lies; two entries of one place are one. */
export type Place = Pick<Entry, 'set' | 'target' | 'port'>;

/** What others may have changed: rules alone, or sets and their members too. */
export type Touched = 'rules' | 'members';

/** What of the configuration a back end can do by itself, beyond keeping its sets. */
export interface Capabilities {
  /** A request with the text of a known scanner dies at once, the first one too. */
  readonly hotSignatures: boolean;
  /** Whoever sends too much is slowed. */
  readonly limits: boolean;
  /** Packets are handed to the sidecar. */
  readonly capture: boolean;
}

/** What carries decisions out. */
export interface BackEnd {
  readonly name: string;
  /** Why it was chosen, as a sentence for a person; absent where the configuration names it. */
  readonly because?: string;
  readonly capabilities: Capabilities;
}

/** What is shown of one of those that carry out the same decisions. */
export interface Layer {
  readonly name: string;
  readonly pending: number;
  readonly notices: readonly string[];
}

export interface Enforcer {
  /** Known after `prepare`. */
  backEnd(): BackEnd;
  /** What this back end, or this machine, cannot do: each as a sentence for a person; known after `prepare`. */
  notices(): readonly string[];
  /** Puts sets and rules in place, idempotently and atomically; members that the kernel already holds stay. */
  prepare(): Promise<void>;
  /** Resolves when the kernel has acknowledged. Adding again sets the new time-out. Rejects with FIREWALL_* codes. */
  add(entry: Entry): Promise<void>;
  /** Resolves also where the entry was not there. */
  remove(place: Place): Promise<void>;
  /** Read back from the kernel, not from memory. */
  list(): Promise<readonly HeldEntry[]>;
  drops(): Promise<KernelDrops>;
  /**
   * What is no more as the last `prepare` made it, each as words for a person; members of sets are not compared. Reads only.
   */
  damage(): Promise<readonly string[]>;
  /** Tells when others may have changed the firewall; sometimes for nothing, and never again after what it returns. */
  watch(onChange: (touched: Touched) => void): () => void;
  /** Stops our children and leaves the kernel as it is: bans run out by themselves. */
  close(): Promise<void>;
  /** Removes everything of ours from the kernel, and nothing else. */
  teardown(): Promise<void>;
}
