// The last look before the kernel: no path through sipwarden may block an address that must not be blocked.
import type { Network } from '../model/address.ts';
import type { Untouchable } from '../model/decision.ts';
import type { Enforcer, SetName } from '../model/enforcer.ts';
import { firewallError } from './firewall-error.ts';

type Reason = Untouchable['because'];

/** What stops an entry. `deny` is written by an administrator, who may overrule the lists and the shield. */
const refusals: Readonly<Record<SetName, readonly Reason[]>> = {
  allow: [],
  shield: [],
  deny: ['own', 'reserved'],
  ban: ['own', 'reserved', 'allowlisted', 'shielded'],
  drop: ['own', 'reserved', 'allowlisted', 'shielded'],
};

/** `isUntouchable` answers for targets that are or contain such an address. */
export function guarded<Guarded extends Enforcer>(
  enforcer: Guarded,
  isUntouchable: (target: Network) => Untouchable | undefined,
): Guarded {
  return {
    ...enforcer,
    async add(entry) {
      const untouchable = isUntouchable(entry.target);
      if (untouchable && refusals[entry.set].includes(untouchable.because)) {
        const { because, detail } = untouchable;
        throw firewallError('FIREWALL_UNTOUCHABLE', `${entry.target} is not blocked: ${because} (${detail})`);
      }
      return enforcer.add(entry);
    },
  };
}
