// The enforcer that blocks nothing: it keeps the sets in memory, as large as the kernel's and no larger, and forgets
// what runs out as the kernel would.
import { isIPv6, type Network } from '../model/address.ts';
import { type Enforcer, type Entry, setNames } from '../model/enforcer.ts';
import type { Time } from '../model/time.ts';
import { firewallError } from './firewall-error.ts';
import { checkTarget, setCapacity } from './member.ts';
import { families, kernelSet } from './rules.ts';

type Members = Map<Network, Entry>;

export function createDryRunEnforcer({ now }: { readonly now: () => Time }): Enforcer {
  const sets = new Map<string, Members>();

  const isOver = ({ until }: Entry) => until !== undefined && until <= now();
  const expire = (members: Members) => {
    for (const [target, entry] of members) if (isOver(entry)) members.delete(target);
  };
  const locate = ({ set, target }: Pick<Entry, 'set' | 'target'>) => {
    const network = checkTarget(target);
    const members = sets.get(kernelSet(set, isIPv6(network) ? 6 : 4));
    if (!members) throw firewallError('FIREWALL_NOT_PREPARED', 'the sets have not been made');
    return { network, members };
  };

  return {
    name: 'dry-run',
    async prepare() {
      for (const name of setNames.flatMap((set) => families.map((family) => kernelSet(set, family)))) {
        if (!sets.has(name)) sets.set(name, new Map());
      }
    },
    async add(entry) {
      const { network, members } = locate(entry);
      members.delete(network);
      if (isOver(entry)) return;
      if (members.size >= setCapacity[entry.set]) expire(members);
      if (members.size >= setCapacity[entry.set]) {
        throw firewallError('FIREWALL_SET_FULL', `the set ${entry.set} takes no more members`);
      }
      members.set(network, { ...entry, target: network });
    },
    async remove(place) {
      const { network, members } = locate(place);
      members.delete(network);
    },
    async list() {
      for (const members of sets.values()) expire(members);
      return [...sets.values()].flatMap((members) => [...members.values()]);
    },
    async close() {},
    async teardown() {
      sets.clear();
    },
  };
}
