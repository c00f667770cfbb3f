// Who must not be blocked, whatever the evidence: the one question that policy and enforcer both ask.
import { type Address, contains, isReserved, type Network } from '../model/address.ts';
import type { Untouchable } from '../model/decision.ts';
import type { Time } from '../model/time.ts';
import type { AddressList } from './address-list.ts';
import type { Shield } from './shield.ts';

export interface Protection {
  /** Why this address or network is never blocked, for any reason; the shield is asked separately. */
  untouchable(target: Network): Untouchable | undefined;
  /** The same, and the shield as well: what holds for asserted evidence. */
  protectedFromForgery(target: Network, now: Time): Untouchable | undefined;
}

export interface ProtectionParts {
  readonly allowlist: AddressList;
  readonly shield: Shield;
  /** The addresses of this machine, read afresh. */
  ownAddresses(): readonly Address[];
}

export function createProtection({ allowlist, shield, ownAddresses }: ProtectionParts): Protection {
  const untouchable = (target: Network): Untouchable | undefined => {
    const own = ownAddresses().find((address) => contains(target, address));
    if (own) return { because: 'own', detail: `${own} is an address of this machine` };
    if (isReserved(target.split('/')[0] ?? target))
      return { because: 'reserved', detail: `${target} is no address of a remote host` };
    const listed = allowlist.match(target) ?? allowlist.overlapping(target);
    if (!listed) return undefined;
    return {
      because: 'allowlisted',
      detail: listed.note ? `${listed.target} (${listed.note})` : listed.target,
    };
  };
  return {
    untouchable,
    protectedFromForgery(target, now) {
      const forEver = untouchable(target);
      if (forEver) return forEver;
      const entry = shield.covering(target, now);
      return entry && { because: 'shielded', detail: `${entry.address} registered as ${entry.account}` };
    },
  };
}
