// An entry as a kernel set holds it: a checked network and a time-out in whole seconds. Whatever is written into a
// firewall command passes here first.
import { type Network, parseNetwork } from '../model/address.ts';
import type { SetName } from '../model/enforcer.ts';
import type { Time } from '../model/time.ts';
import { firewallError } from './firewall-error.ts';

/** Members that a set takes, for each of IPv4 and IPv6. `drop` is filled by evidence that can be forged. */
export const setCapacity: Readonly<Record<SetName, number>> = {
  allow: 65_536,
  deny: 262_144,
  shield: 65_536,
  ban: 262_144,
  drop: 65_536,
};

/** The longest time-out that ipset takes, about 24 days. Seconds. */
export const maxTimeoutSeconds = 2_147_483;

/** Canonical text of a network that a set can hold; rejects with FIREWALL_REFUSED_TARGET. */
export function checkTarget(text: string): Network {
  const network = parseNetwork(text);
  if (network === undefined) {
    throw firewallError('FIREWALL_REFUSED_TARGET', `${JSON.stringify(text)} is no address or network`);
  }
  if (network.endsWith('/0')) {
    throw firewallError(
      'FIREWALL_REFUSED_TARGET',
      `${network} is everybody; the widest that a set holds is a /1`,
    );
  }
  return network;
}

/** Seconds until then, rounded up and at most what the kernel takes; 0 stands for ever, undefined for "over". */
export function timeoutSeconds(until: Time | undefined, now: Time): number | undefined {
  if (until === undefined) return 0;
  if (until <= now) return undefined;
  return Math.min(Math.ceil((until - now) / 1000), maxTimeoutSeconds);
}
