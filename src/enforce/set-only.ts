// The enforcer for administrators who write the rules themselves: it keeps the same sets as the enforcer `ipset`.
import type { Enforcer } from '../model/enforcer.ts';
import { createIpsetMembers, type IpsetParts } from './ipset-members.ts';
import { createIptables } from './iptables.ts';
import { families } from './kernel-sets.ts';

export function createSetOnlyEnforcer(parts: IpsetParts): Enforcer {
  const members = createIpsetMembers(parts);
  const iptables = createIptables(parts.commandPrefix ?? []);

  /** Those of the enforcer `ipset`, if it was here before. */
  const removeOurRules = async () => {
    for (const family of families) {
      if ((await iptables.missing(family)) === undefined) await iptables.remove(family);
    }
  };

  return {
    ...members,
    backEnd: () => ({
      name: 'set-only',
      capabilities: { hotSignatures: false, limits: false, capture: false },
    }),
    notices: () => [
      'nobody is blocked but by rules of your own: the sets sw-allow4, sw-ban4 and so on are kept, and no rule is written',
      'hot_signatures, [limit] and [capture] source = "nflog" need rules of your own too (docs/operating.md)',
    ],
    async prepare() {
      await members.prepare(families);
      await removeOurRules();
    },
    drops: async () => ({ hot: {}, limits: {} }),
    async teardown() {
      await removeOurRules();
      await members.destroy();
    },
  };
}
