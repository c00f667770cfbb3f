// Values for addresses and networks; the longest network that covers an address decides.
import { isIPv6, type Network, networkOf, overlaps, prefixLength } from '../model/address.ts';

export interface NetworkMap<Value> {
  get(target: Network): Value | undefined;
  set(target: Network, value: Value): void;
  delete(target: Network): boolean;
  /** The value of the most specific network that covers all of the target. */
  match(target: Network): Value | undefined;
  /** Any value whose network shares an address with the target. */
  overlapping(target: Network): Value | undefined;
  values(): readonly Value[];
  readonly size: number;
}

export function createNetworkMap<Value>(
  initial: Iterable<readonly [Network, Value]> = [],
): NetworkMap<Value> {
  const values = new Map<Network, Value>();
  /** How many entries have each prefix length; a look-up is one hash probe for each length in use. */
  const counts = { v4: new Map<number, number>(), v6: new Map<number, number>() };
  let lengths: { v4: readonly number[]; v6: readonly number[] } = { v4: [], v6: [] };

  const count = (target: Network, by: 1 | -1): void => {
    const family = isIPv6(target) ? 'v6' : 'v4';
    const length = prefixLength(target);
    const before = counts[family].get(length) ?? 0;
    counts[family].set(length, before + by);
    if (before + by === 0) counts[family].delete(length);
    if (before === 0 || before + by === 0) {
      lengths = { ...lengths, [family]: [...counts[family].keys()].sort((one, other) => other - one) };
    }
  };
  const map: NetworkMap<Value> = {
    get: (target) => values.get(target),
    set(target, value) {
      if (!values.has(target)) count(target, 1);
      values.set(target, value);
    },
    delete(target) {
      const wasThere = values.delete(target);
      if (wasThere) count(target, -1);
      return wasThere;
    },
    match(target) {
      const own = prefixLength(target);
      const address = target.split('/')[0] ?? target;
      for (const length of isIPv6(target) ? lengths.v6 : lengths.v4) {
        if (length > own) continue;
        const network = networkOf(address, length);
        if (values.has(network)) return values.get(network);
      }
      return undefined;
    },
    overlapping(target) {
      for (const [network, value] of values) if (overlaps(network, target)) return value;
      return undefined;
    },
    values: () => [...values.values()],
    get size() {
      return values.size;
    },
  };
  for (const [target, value] of initial) map.set(target, value);
  return map;
}
