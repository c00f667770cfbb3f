// The shield's entries, found by the addresses that they protect. Bounded; knows nothing of why anybody is shielded.
import { createLru } from '../lib/lru.ts';
import { contains, isIPv6, type Network, networkOf, overlaps } from '../model/address.ts';
import type { ShieldEntry, ShieldKind } from '../model/shield-entry.ts';

export interface ShieldIndex {
  get(entry: Pick<ShieldEntry, 'kind' | 'target' | 'name'>): ShieldEntry | undefined;
  set(entry: ShieldEntry): void;
  delete(entry: ShieldEntry): void;
  /** Entries that share an address with the target. */
  overlapping(target: Network): readonly ShieldEntry[];
  /** Entries of exactly this target. */
  at(target: Network): readonly ShieldEntry[];
  ofKind(kind: ShieldKind): readonly ShieldEntry[];
  all(): readonly ShieldEntry[];
}

const maxEntries = 65_536;
/** IPv6 sources are counted as networks of about this size, so that is how their addresses are looked for. */
const groupBits = 64;

export function createShieldIndex(initial: readonly ShieldEntry[]): ShieldIndex {
  const byTarget = new Map<Network, Map<string, ShieldEntry>>();
  /** Targets that are networks: few, since only a configured trunk is one. */
  const networks = new Set<Network>();
  const groups = new Map<Network, Set<Network>>();
  const kinds = new Map<ShieldKind, Set<ShieldEntry>>();

  const unlink = (entry: ShieldEntry): void => {
    const { kind, target } = entry;
    kinds.get(kind)?.delete(entry);
    const here = byTarget.get(target);
    if (here?.get(keyOf(entry)) !== entry) return;
    here.delete(keyOf(entry));
    if (here.size > 0) return;
    byTarget.delete(target);
    networks.delete(target);
    const group = groups.get(groupOf(target));
    group?.delete(target);
    if (group?.size === 0) groups.delete(groupOf(target));
  };
  const link = (entry: ShieldEntry): void => {
    const { kind, target } = entry;
    kinds.set(kind, (kinds.get(kind) ?? new Set()).add(entry));
    const here = byTarget.get(target) ?? new Map<string, ShieldEntry>();
    byTarget.set(target, here.set(keyOf(entry), entry));
    if (target.includes('/')) networks.add(target);
    else if (isIPv6(target))
      groups.set(groupOf(target), (groups.get(groupOf(target)) ?? new Set()).add(target));
  };
  const entries = createLru<string, ShieldEntry>(maxEntries, unlink);

  const targetsWithin = (target: Network): Iterable<Network> => {
    if (!target.includes('/')) return byTarget.has(target) ? [target] : [];
    if (target.endsWith(`/${groupBits}`) && isIPv6(target)) return groups.get(target) ?? [];
    return [...byTarget.keys()].filter((each) => contains(target, each));
  };
  const at = (target: Network): readonly ShieldEntry[] => [...(byTarget.get(target)?.values() ?? [])];
  const index: ShieldIndex = {
    get: (entry) => entries.get(keyOf(entry)),
    set(entry) {
      entries.set(keyOf(entry), entry);
      link(entry);
    },
    delete: (entry) => void entries.delete(keyOf(entry)),
    overlapping(target) {
      const found = new Set(targetsWithin(target));
      for (const network of networks) if (overlaps(network, target)) found.add(network);
      return [...found].flatMap(at);
    },
    at,
    ofKind: (kind) => [...(kinds.get(kind) ?? [])],
    all: () => [...entries.values()],
  };
  for (const entry of initial) index.set(entry);
  return index;
}

function keyOf({ kind, target, name }: Pick<ShieldEntry, 'kind' | 'target' | 'name'>): string {
  return `${kind} ${target} ${name}`;
}

function groupOf(target: Network): Network {
  return isIPv6(target) && !target.includes('/') ? networkOf(target, groupBits) : target;
}
