// A list of addresses, networks, ranges and host names with who put them there and why; the longest match names the
// entry that decided. Where two entries cover the same network the older one does.
import type { Network } from '../model/address.ts';
import { type ListEntry, type ListTarget, networksOf } from '../model/list-entry.ts';
import type { Time } from '../model/time.ts';
import { createNetworkMap } from './network-map.ts';

export interface AddressList {
  get(target: ListTarget): ListEntry | undefined;
  /** In the place of what was there for the target. */
  add(entry: ListEntry): void;
  remove(target: ListTarget): boolean;
  /** The entry with the most specific network that covers all of the address or network. */
  match(target: Network): ListEntry | undefined;
  /** Any entry that shares an address with the network. */
  overlapping(target: Network): ListEntry | undefined;
  /** All entries with a network that covers all of this one, the widest first; itself, if it is listed, too. */
  covering(target: Network): readonly ListEntry[];
  /** All entries with a network inside of this one, itself included; an entry may come more than once. */
  inside(target: Network): Iterable<ListEntry>;
  /** What the kernel has to hold of exactly this network; undefined where nothing. */
  coverageOf(network: Network): Coverage | undefined;
  /** All that the kernel has to hold, each network once. */
  coverage(): readonly Coverage[];
  entries(): readonly ListEntry[];
  readonly size: number;
  /** Of both families. */
  readonly networkCount: number;
}

/** A network that is listed, until its last entry ends. */
export interface Coverage {
  readonly target: Network;
  readonly until?: Time;
}

export function createAddressList(initial: readonly ListEntry[] = []): AddressList {
  const entries = new Map<ListTarget, ListEntry>();
  const byNetwork = createNetworkMap<readonly ListEntry[]>();

  const remove = (target: ListTarget): boolean => {
    const entry = entries.get(target);
    if (!entry) return false;
    entries.delete(target);
    for (const network of networksOf(entry)) {
      const others = byNetwork.get(network)?.filter((other) => other !== entry) ?? [];
      if (others.length > 0) byNetwork.set(network, others);
      else byNetwork.delete(network);
    }
    return true;
  };
  const add = (entry: ListEntry): void => {
    remove(entry.target);
    entries.set(entry.target, entry);
    for (const network of networksOf(entry))
      byNetwork.set(network, [...(byNetwork.get(network) ?? []), entry]);
  };
  const coverageOf = (network: Network): Coverage | undefined => {
    const owners = byNetwork.get(network);
    if (!owners) return undefined;
    const until = Math.max(...owners.map((owner) => owner.until ?? Number.POSITIVE_INFINITY));
    return until === Number.POSITIVE_INFINITY ? { target: network } : { target: network, until };
  };

  for (const entry of initial) add(entry);
  return {
    get: (target) => entries.get(target),
    add,
    remove,
    match: (target) => byNetwork.match(target)?.[0],
    overlapping: (target) => byNetwork.overlapping(target)?.[0],
    covering: (target) => byNetwork.covering(target).flat(),
    *inside(target) {
      for (const owners of byNetwork.inside(target)) yield* owners;
    },
    coverageOf,
    coverage: () => [...byNetwork.keys()].flatMap((network) => coverageOf(network) ?? []),
    entries: () => [...entries.values()],
    get size() {
      return entries.size;
    },
    get networkCount() {
      return byNetwork.size;
    },
  };
}
