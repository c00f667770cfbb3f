// Who must not be blocked, whatever the evidence: the one question that policy, orders and enforcer ask.
import { type Address, contains, isReserved, type Network } from '../model/address.ts';
import type { Untouchable } from '../model/decision.ts';
import type { SourcePort } from '../model/enforcer.ts';
import type { ShieldEntry } from '../model/shield-entry.ts';
import type { Time } from '../model/time.ts';
import type { AddressList } from './address-list.ts';
import type { Shield } from './shield.ts';

export interface Protection {
  /** All that stands against blocking this address or network, the strongest first. */
  against(target: Network, now: Time): readonly Untouchable[];
  /** What stands against blocking one port of an address. */
  againstPort(address: Address, port: SourcePort, now: Time): readonly Untouchable[];
}

export interface ProtectionParts {
  readonly allowlist: AddressList;
  readonly shield: Shield;
  /** The addresses of this machine, read afresh. */
  ownAddresses(): readonly Address[];
}

/** What not even a person's force overrules, and what no evidence touches in any way. */
export const neverBlocked: ReadonlySet<Untouchable['because']> = new Set(['own', 'reserved', 'allowlisted']);

export function createProtection({ allowlist, shield, ownAddresses }: ProtectionParts): Protection {
  const against = (target: Network, now: Time): readonly Untouchable[] => {
    const found: Untouchable[] = [];
    const own = ownAddresses().find((address) => contains(target, address));
    if (own) found.push({ because: 'own', detail: `${own} is an address of this machine` });
    if (isReserved(target.split('/')[0] ?? target))
      found.push({ because: 'reserved', detail: `${target} is no address of a remote host` });
    const listed = allowlist.match(target) ?? allowlist.overlapping(target);
    if (listed) {
      const detail = listed.note ? `${listed.target} (${listed.note})` : listed.target;
      found.push({ because: 'allowlisted', detail });
    }
    const shielded = shield.covering(target, now);
    for (const because of ['administrator', 'gateway'] as const) {
      const entry = shielded.find(({ kind }) => kind === because);
      if (entry) found.push({ because, detail: describe(entry) });
    }
    const [ours, ...others] = shielded.filter(({ kind }) => kind !== 'administrator' && kind !== 'gateway');
    if (ours) {
      const more = others.length > 0 ? `, and ${others.length} more` : '';
      found.push({ because: 'shielded', detail: `${describe(ours)}${more}` });
    }
    return found;
  };
  return {
    against,
    againstPort(address, port, now) {
      const isUsed = shield.usesPort(address, port, now);
      const detail = `a phone, trunk or call of ours uses ${port.protocol} port ${port.port} of ${address}`;
      return isUsed ? [...against(address, now), { because: 'in-use', detail }] : against(address, now);
    },
  };
}

/** One entry of the shield in a person's words. */
function describe({ kind, target, name, why }: ShieldEntry): string {
  return kind === 'gateway' ? `${target} is ${why}` : `${kind} ${name} at ${target} (${why})`;
}
