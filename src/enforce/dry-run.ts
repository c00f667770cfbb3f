// The enforcer that blocks nothing: it keeps the sets in memory, as large as the kernel's and no larger, and forgets
// what runs out as the kernel would.
import type { Enforcer, Entry, Place } from '../model/enforcer.ts';
import type { Time } from '../model/time.ts';
import { firewallError } from './firewall-error.ts';
import { memberSets, setCapacity } from './kernel-sets.ts';
import { memberOf } from './member.ts';

/** By the text that the kernel would have for each. */
type Members = Map<string, Entry>;

export function createDryRunEnforcer({ now }: { readonly now: () => Time }): Enforcer {
  const sets = new Map<string, Members>();

  const isOver = ({ until }: Entry) => until !== undefined && until <= now();
  const expire = (members: Members) => {
    for (const [text, entry] of members) if (isOver(entry)) members.delete(text);
  };
  const locate = (wanted: Place) => {
    const { place, kernelName, text } = memberOf(wanted);
    const members = sets.get(kernelName);
    if (!members) throw firewallError('FIREWALL_NOT_PREPARED', 'the sets have not been made');
    return { place, text, members };
  };

  return {
    backEnd: () => ({
      name: 'dry-run',
      capabilities: { hotSignatures: false, limits: false, capture: false },
    }),
    notices: () => ['nothing is blocked: the back end is "dry-run"'],
    async prepare() {
      for (const { kernelName } of memberSets) if (!sets.has(kernelName)) sets.set(kernelName, new Map());
    },
    async add(entry) {
      const { place, text, members } = locate(entry);
      members.delete(text);
      if (isOver(entry)) return;
      if (members.size >= setCapacity[entry.set]) expire(members);
      if (members.size >= setCapacity[entry.set]) {
        throw firewallError('FIREWALL_SET_FULL', `the set ${entry.set} takes no more members`);
      }
      members.set(text, { ...entry, ...place });
    },
    async remove(place) {
      const { text, members } = locate(place);
      members.delete(text);
    },
    async list() {
      for (const members of sets.values()) expire(members);
      return [...sets.values()].flatMap((members) => [...members.values()]);
    },
    drops: async () => ({ hot: {}, limits: {} }),
    damage: async () =>
      memberSets
        .filter(({ kernelName }) => !sets.has(kernelName))
        .map(({ kernelName }) => `the set ${kernelName}`),
    watch: () => () => {},
    async close() {},
    async teardown() {
      sets.clear();
    },
  };
}
