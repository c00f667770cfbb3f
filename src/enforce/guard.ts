// The last look before the kernel: no path through sipwarden may block an address that must not be blocked.
import type { Untouchable } from '../model/decision.ts';
import type { Enforcer, Entry, SetName } from '../model/enforcer.ts';
import { firewallError } from './firewall-error.ts';

type Reason = Untouchable['because'];

const forEver: readonly Reason[] = ['own', 'reserved', 'allowlisted'];
const ours: readonly Reason[] = ['administrator', 'gateway', 'shielded'];

/**
 * What stops an entry. `deny` is written by an administrator, who may overrule the lists and the shield; what a person
 * orders with force (`order`) overrules the shield alone.
 */
const refusals: Readonly<Record<SetName, readonly Reason[]>> = {
  allow: [],
  shield: [],
  deny: ['own', 'reserved'],
  order: forEver,
  port: [...forEver, 'administrator', 'in-use'],
  ban: [...forEver, ...ours],
  drop: [...forEver, ...ours],
  invite: [...forEver, ...ours],
  tftp: [...forEver, ...ours],
  packets: [...forEver, ...ours],
};

/** `protectionsOf` tells all that stands against an entry whose target is or contains such an address. */
export function guarded<Guarded extends Enforcer>(
  enforcer: Guarded,
  protectionsOf: (entry: Entry) => readonly Untouchable[],
): Guarded {
  return {
    ...enforcer,
    async add(entry) {
      const stops = refusals[entry.set];
      if (stops.length === 0) return enforcer.add(entry);
      const stopping = protectionsOf(entry).find(({ because }) => stops.includes(because));
      if (!stopping) return enforcer.add(entry);
      const { because, detail } = stopping;
      throw firewallError('FIREWALL_UNTOUCHABLE', `${entry.target} is not blocked: ${because} (${detail})`);
    },
  };
}
