// What the sets say as rules of which the last match counts: the firewall's order, backwards. Pure.
import { isIPv6, type Network, networkOf, prefixLength } from '../model/address.ts';
import type { Entry, SetName } from '../model/enforcer.ts';
import type { AclRule } from '../model/pbx-acl.ts';

/** What the ACL holds: proven offenders and whom persons block, and who gets through. */
export const aclSets = ['allow', 'deny', 'order', 'shield', 'ban'] as const satisfies readonly SetName[];

export interface AclRules {
  readonly rules: readonly AclRule[];
  /** Who made them. */
  readonly members: readonly Entry[];
  /** Who is blocked and has no room: the oldest bans, then the oldest of what persons ordered. */
  readonly leftOut: readonly Entry[];
}

/** `entries` from the oldest to the newest; at most `most` of those who are blocked, and no more rules than that. */
export function aclRules(entries: readonly Entry[], most: number): AclRules {
  const of = (wanted: SetName) => entries.filter(({ set }) => set === wanted);
  const blocked = [...of('ban'), ...of('order'), ...of('deny')];
  const passing = { shield: of('shield'), allow: of('allow') };
  let first = Math.max(0, blocked.length - most);
  for (;;) {
    const held = blocked.slice(first);
    const made = rulesFor(held, passing);
    const excess = made.rules.length - most;
    if (excess <= 0 || held.length === 0) return { ...made, leftOut: blocked.slice(0, first) };
    first += Math.min(excess, held.length);
  }
}

function rulesFor(
  held: readonly Entry[],
  passing: Readonly<Record<'shield' | 'allow', readonly Entry[]>>,
): Omit<AclRules, 'leftOut'> {
  const isBan = ({ set }: Entry) => set === 'ban';
  const bans = aggregate(held.filter(isBan).map(targetOf));
  const orders = aggregate(held.filter((entry) => !isBan(entry)).map(targetOf));
  // Whoever is not within a rule that denies needs none that permits.
  const shields = overlapping(passing.shield, bans);
  const allows = overlapping(passing.allow, [...bans, ...orders]);
  return {
    rules: [
      ...rulesOf('deny', bans),
      ...rulesOf('permit', aggregate(shields.map(targetOf))),
      ...rulesOf('deny', orders),
      ...rulesOf('permit', aggregate(allows.map(targetOf))),
    ],
    members: [...held, ...shields, ...allows],
  };
}

/** The fewest networks that hold exactly the same addresses. Never everybody at once. */
export function aggregate(networks: readonly Network[]): readonly Network[] {
  const all = new Set(networks);
  const isWithin = createFinder(all);
  const levels = new Map<number, Set<Network>>();
  const put = (network: Network) => {
    const level = levels.get(prefixLength(network));
    if (level) level.add(network);
    else levels.set(prefixLength(network), new Set([network]));
  };
  for (const network of all) if (!isWithin(network, 'around')) put(network);
  for (let length = 128; length > 1; length -= 1) {
    const halves = new Map<Network, Network>();
    const level = levels.get(length) ?? new Set();
    for (const half of level) {
      const whole = networkOf(addressOf(half), length - 1);
      const other = halves.get(whole);
      if (other === undefined) halves.set(whole, half);
      else {
        level.delete(half);
        level.delete(other);
        put(whole);
      }
    }
  }
  return [...levels.values()].flatMap((level) => [...level]).toSorted();
}

function overlapping(entries: readonly Entry[], networks: readonly Network[]): readonly Entry[] {
  if (networks.length === 0) return [];
  const isWithin = createFinder(new Set(networks));
  const targets = new Set(entries.map(targetOf));
  const find = createFinder(targets, (found) => around.add(found));
  const around = new Set<Network>();
  for (const network of networks) find(network, 'around');
  return entries.filter(({ target }) => around.has(target) || isWithin(target, 'around-or-same'));
}

/** Whether a network of the set holds all of another one. */
function createFinder(set: ReadonlySet<Network>, onFound?: (found: Network) => void) {
  const lengths = { ipv4: new Set<number>(), ipv6: new Set<number>() };
  for (const network of set) lengths[familyOf(network)].add(prefixLength(network));
  return (network: Network, wanted: 'around' | 'around-or-same'): boolean => {
    if (wanted === 'around-or-same' && set.has(network)) return true;
    let isFound = false;
    for (const length of lengths[familyOf(network)]) {
      if (length >= prefixLength(network)) continue;
      const outer = networkOf(addressOf(network), length);
      if (!set.has(outer)) continue;
      isFound = true;
      onFound?.(outer);
    }
    return isFound;
  };
}

function rulesOf(sense: AclRule['sense'], networks: readonly Network[]): readonly AclRule[] {
  return networks.map((network) => ({ sense, network }));
}

function targetOf({ target }: Entry): Network {
  return target;
}

function familyOf(network: Network): 'ipv4' | 'ipv6' {
  return isIPv6(network) ? 'ipv6' : 'ipv4';
}

function addressOf(network: Network): Network {
  return network.split('/')[0]!;
}
