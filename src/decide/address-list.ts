// A list of addresses and networks with who put them there and why; the longest match names the entry that decided.
import type { Network } from '../model/address.ts';
import type { ListEntry } from '../model/list-entry.ts';
import { createNetworkMap } from './network-map.ts';

export interface AddressList {
  add(entry: ListEntry): void;
  remove(target: Network): boolean;
  /** The most specific entry that covers all of the address or network. */
  match(target: Network): ListEntry | undefined;
  /** Any entry that shares an address with the network. */
  overlapping(target: Network): ListEntry | undefined;
  entries(): readonly ListEntry[];
}

export function createAddressList(initial: readonly ListEntry[] = []): AddressList {
  const entries = createNetworkMap(initial.map((entry) => [entry.target, entry] as const));
  return {
    add: (entry) => entries.set(entry.target, entry),
    remove: entries.delete,
    match: entries.match,
    overlapping: entries.overlapping,
    entries: entries.values,
  };
}
