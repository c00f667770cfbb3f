// What pjsip identifies an endpoint by: the `Match` of an IdentifyDetail. Asterisk writes addresses with their mask spelt
// out; some versions leave host names in it.
import ipaddr from 'ipaddr.js';
import { type Address, isIPv6, type Network, networkOf, parseAddress } from '../model/address.ts';
import { isHostName } from './sip-server.ts';

export interface IdentifyMatch {
  readonly networks: readonly Network[];
  readonly hosts: readonly string[];
}

/** `198.51.100.20/255.255.255.255,2001:db8::/ffff:ffff::,192.0.2.7:5061/32`. What is none of it, and exceptions (`!`), is left out. */
export function parseIdentifyMatch(text: string): IdentifyMatch {
  const networks: Network[] = [];
  const hosts: string[] = [];
  for (const part of text.split(',')) {
    const [place = '', mask, ...rest] = part.trim().split('/');
    if (rest.length > 0) continue;
    const host = withoutPort(place);
    const address = parseAddress(host);
    const network = address && networkWithin(address, mask);
    if (network) networks.push(network);
    else if (!address && mask === undefined && isHostName(host)) hosts.push(host);
  }
  return { networks, hosts };
}

function networkWithin(address: Address, mask: string | undefined): Network | undefined {
  if (mask === undefined) return address;
  const length = prefixLength(address, mask);
  return length === undefined ? undefined : networkOf(address, length);
}

function prefixLength(address: Address, mask: string): number | undefined {
  const bits = isIPv6(address) ? 128 : 32;
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= bits ? Number(mask) : undefined;
  if (mask.length > 45 || !ipaddr.isValid(mask)) return undefined;
  const parsed = ipaddr.parse(mask);
  const ones = parsed.prefixLengthFromSubnetMask();
  if (ones === null) return undefined;
  // The mask of an IPv4 address that was written as an IPv6 one.
  const length = ones - (parsed.kind() === 'ipv6' && bits === 32 ? 96 : 0);
  return length >= 0 && (parsed.kind() === 'ipv6' || bits === 32) ? length : undefined;
}

/** An IPv6 address in brackets, or anything with one colon, may have a port. */
function withoutPort(place: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(place)?.[1] ?? /^([^:]+):\d+$/.exec(place)?.[1] ?? place;
}
