// An entry as a kernel set holds it: a checked network, or a port of a checked address, and a time-out in whole
// seconds. Whatever is written into a firewall command passes here first.
import { isIPv6, type Network, parseAddress, parseNetwork } from '../model/address.ts';
import { isLimit, type Place, type SetName, type SourcePort } from '../model/enforcer.ts';
import type { SipwardenError } from '../model/error.ts';
import type { Time } from '../model/time.ts';
import { firewallError } from './firewall-error.ts';
import { type Family, kernelSet } from './kernel-sets.ts';

interface Member {
  /** With the canonical text of the target. */
  readonly place: Place;
  readonly family: Family;
  readonly kernelName: string;
  /** What the kernel set calls it: `192.0.2.0/24`, or `203.0.113.9,udp:7001`. */
  readonly text: string;
}

/** The longest time-out that ipset takes, about 24 days. Seconds. */
export const maxTimeoutSeconds = 2_147_483;

const protocols: readonly string[] = ['udp', 'tcp'] satisfies readonly SourcePort['protocol'][];

/** Rejects with FIREWALL_REFUSED_TARGET what the set cannot hold. */
export function memberOf({ set, target, port }: Place): Member {
  const network = checkTarget(target);
  const family = isIPv6(network) ? 6 : 4;
  const kernelName = kernelSet(set, family);
  if (set !== 'port') {
    if (port) throw refused(`the set ${set} holds whole addresses, not a single port of ${network}`);
    const text = isLimit(set) && family === 6 ? network.replace(/\/64$/, '') : network;
    return { place: { set, target: network }, family, kernelName, text };
  }
  const checked = checkPort(network, port);
  const text = `${network},${checked.protocol}:${checked.port}`;
  return { place: { set, target: network, port: checked }, family, kernelName, text };
}

/** The place of a member that a set of ours calls so; undefined where it can be none of ours. */
export function placeOf(set: SetName, text: string): Place | undefined {
  if (set !== 'port') {
    const isOfNetwork = isLimit(set) && text.includes(':') && !text.includes('/');
    const target = parseNetwork(isOfNetwork ? `${text}/64` : text);
    return target === undefined ? undefined : { set, target };
  }
  const [, address = '', protocol, digits] = /^([^,]+),(udp|tcp):(\d{1,5})$/.exec(text) ?? [];
  const target = parseAddress(address);
  const port = Number(digits);
  if (target === undefined || !isPortNumber(port)) return undefined;
  return { set, target, port: { protocol: protocol === 'udp' ? 'udp' : 'tcp', port } };
}

/** Seconds until then, rounded up and at most what the kernel takes; 0 stands for ever, undefined for "over". */
export function timeoutSeconds(until: Time | undefined, now: Time): number | undefined {
  if (until === undefined) return 0;
  if (until <= now) return undefined;
  return Math.min(Math.ceil((until - now) / 1000), maxTimeoutSeconds);
}

function checkTarget(text: string): Network {
  const network = parseNetwork(text);
  if (network === undefined) throw refused(`${JSON.stringify(text)} is no address or network`);
  if (network.endsWith('/0')) throw refused(`${network} is everybody; the widest that a set holds is a /1`);
  return network;
}

/** ipset would take a network apart into a member for each address, and a port range likewise. */
function checkPort(target: Network, port: SourcePort | undefined): SourcePort {
  if (target.includes('/')) throw refused(`${target} is a network, and a port is blocked for one address`);
  if (!port) throw refused(`the set port holds single ports, and none of ${target} is named`);
  if (!protocols.includes(port.protocol) || !isPortNumber(port.port)) {
    throw refused(`${JSON.stringify(port)} is no udp or tcp port from 1 to 65535`);
  }
  return { protocol: port.protocol, port: port.port };
}

function isPortNumber(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function refused(message: string): SipwardenError {
  return firewallError('FIREWALL_REFUSED_TARGET', message);
}
