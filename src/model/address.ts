// IP addresses and networks as canonical text, so that equal addresses are equal strings everywhere.
import ipaddr from 'ipaddr.js';
import { bitsOf, commonBits } from './address-bits.ts';

/** Canonical text of one address (RFC 5952; an IPv4-mapped IPv6 address is IPv4). */
export type Address = string;
/** Canonical text of a network, `203.0.113.0/24`; a single host is written bare, as its address. */
export type Network = string;

/** An address and a port as the packet or the transport gave them, never as a message's text claims. */
export interface Peer {
  readonly address: Address;
  readonly port: number;
}

/** Canonical address, or undefined where the text is no plain address (zone indices and short forms are refused). */
export function parseAddress(text: string): Address | undefined {
  const parsed = read(text);
  return parsed?.toString();
}

/** Canonical network of an address or a CIDR; host bits are cleared. Undefined where the text is neither. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return parseAddress(text);
  const address = read(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  if (!address || !/^\d{1,3}$/.test(bits)) return undefined;
  const mapped = address.kind() === 'ipv4' && text.includes(':');
  const length = Number(bits) - (mapped ? 96 : 0);
  if (length < 0 || length > hostBits(address)) return undefined;
  return networkOf(address.toString(), length);
}

/** The network of `length` bits that an address lies in. */
export function networkOf(address: Address, length: number): Network {
  const parsed = ipaddr.parse(address);
  if (length >= hostBits(parsed)) return address;
  const bytes = parsed.toByteArray();
  for (let index = 0; index < bytes.length; index += 1) {
    const keep = Math.min(8, Math.max(0, length - index * 8));
    bytes[index] = bytes[index]! & (0xff00 >> keep) & 0xff;
  }
  return `${ipaddr.fromByteArray(bytes).toString()}/${length}`;
}

/** What a source is counted and blocked as: an IPv4 address, or the IPv6 network of `ipv6Prefix` bits around it. */
export function sourceOf(address: Address, ipv6Prefix = 64): Network {
  return isIPv6(address) ? networkOf(address, ipv6Prefix) : address;
}

/** True for addresses and for networks. */
export function isIPv6(text: Address | Network): boolean {
  return text.includes(':');
}

/** Bits of a network that are fixed: all of them in an address. */
export function prefixLength(target: Network): number {
  return split(target)[1];
}

/** Whether `network` (or address) covers all of `inner`. */
export function contains(network: Network, inner: Network): boolean {
  if (network === inner) return true;
  if (isIPv6(network) !== isIPv6(inner)) return false;
  const [outer, bits] = [bitsOf(network), bitsOf(inner)];
  return bits.length >= outer.length && commonBits(outer.words, bits.words, outer.length) === outer.length;
}

/** Whether two networks share an address. */
export function overlaps(one: Network, other: Network): boolean {
  return contains(one, other) || contains(other, one);
}

/** Loopback, unspecified, multicast, broadcast and link-local: nobody who attacks from afar, and never to be blocked. */
export function isReserved(address: Address): boolean {
  return unblockable.has(ipaddr.parse(address).range());
}

/** Of an address plan that is not the Internet's (RFC 1918, RFC 4193, RFC 6598): many may hide behind one of them. */
export function isPrivate(target: Address | Network): boolean {
  return insiders.has(ipaddr.parse(split(target)[0]).range());
}

const insiders = new Set(['private', 'uniqueLocal', 'carrierGradeNat']);
const unblockable = new Set(['loopback', 'unspecified', 'multicast', 'broadcast', 'linkLocal']);

function read(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (text.length > 45 || text.includes('%')) return undefined;
  if (!text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

function hostBits(address: ipaddr.IPv4 | ipaddr.IPv6): number {
  return address.kind() === 'ipv4' ? 32 : 128;
}

function split(network: Network): [Address, number] {
  const slash = network.indexOf('/');
  if (slash < 0) return [network, isIPv6(network) ? 128 : 32];
  return [network.slice(0, slash), Number(network.slice(slash + 1))];
}
