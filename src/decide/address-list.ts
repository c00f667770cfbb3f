// A list of addresses and networks with who put them there and why; the longest match names the entry that decided.
import { isIPv6, type Network, networkOf, overlaps } from '../model/address.ts';
import type { ListEntry } from '../model/list-entry.ts';

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
  const entries = new Map<Network, ListEntry>(initial.map((entry) => [entry.target, entry]));

  /** Prefix lengths in use, longest first: a look-up is one hash probe for each. */
  const lengthsOf = (ipv6: boolean): number[] => {
    const lengths = [...entries.keys()].filter((target) => isIPv6(target) === ipv6).map(prefixLength);
    return [...new Set(lengths)].sort((one, other) => other - one);
  };
  let lengths = { v4: lengthsOf(false), v6: lengthsOf(true) };
  const remeasure = () => {
    lengths = { v4: lengthsOf(false), v6: lengthsOf(true) };
  };

  return {
    add(entry) {
      entries.set(entry.target, entry);
      remeasure();
    },
    remove(target) {
      const wasThere = entries.delete(target);
      remeasure();
      return wasThere;
    },
    match(target) {
      const own = prefixLength(target);
      const address = target.split('/')[0] ?? target;
      for (const length of isIPv6(target) ? lengths.v6 : lengths.v4) {
        const found = length <= own ? entries.get(networkOf(address, length)) : undefined;
        if (found) return found;
      }
      return undefined;
    },
    overlapping: (target) => [...entries.values()].find((entry) => overlaps(entry.target, target)),
    entries: () => [...entries.values()],
  };
}

function prefixLength(target: Network): number {
  const slash = target.indexOf('/');
  return slash < 0 ? (isIPv6(target) ? 128 : 32) : Number(target.slice(slash + 1));
}
