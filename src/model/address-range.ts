// Ranges of addresses, as lists hold them: one entry for a person, the fewest networks for the kernel.
import ipaddr from 'ipaddr.js';
import { type Address, isIPv6, type Network, networkOf, parseAddress, parseNetwork } from './address.ts';
import { bitsOf } from './address-bits.ts';

/** Canonical text, `192.0.2.10-192.0.2.99`: the first address, which is not the last, and the last. */
export type AddressRange = string;

/** Undefined where the text is none, names one address only, everybody, or mixes IPv4 with IPv6. */
export function parseRange(text: string): AddressRange | undefined {
  const [first, last, ...more] = text.split('-').map((part) => parseAddress(part.trim()));
  if (first === undefined || last === undefined || more.length > 0) return undefined;
  if (isIPv6(first) !== isIPv6(last) || numberOf(first) >= numberOf(last)) return undefined;
  const range = `${first}-${last}`;
  const networks = networksOfRange(range);
  // A part that is IPv4 in the clothes of IPv6 has no place of its own in the kernel.
  const isPlain = networks.every((network) => parseNetwork(network) === network);
  return isPlain && !networks[0]?.endsWith('/0') ? range : undefined;
}

/** The fewest networks that cover exactly the range, in its order: of IPv4 at most 62, of IPv6 at most 254. */
export function networksOfRange(range: AddressRange): readonly Network[] {
  const [first = '', last = ''] = range.split('-');
  const bits = isIPv6(first) ? 128 : 32;
  const end = numberOf(last);
  const networks: Network[] = [];
  for (let at = numberOf(first); at <= end; ) {
    let free = 0;
    while (free < bits && fits(at, free + 1, end)) free += 1;
    networks.push(networkOf(addressOf(at, bits), bits - free));
    at += 1n << BigInt(free);
  }
  return networks;
}

/** Whether a network with so many free bits begins there and ends in time. */
function fits(at: bigint, free: number, end: bigint): boolean {
  const size = 1n << BigInt(free);
  return at % size === 0n && at + size - 1n <= end;
}

function numberOf(address: Address): bigint {
  return bitsOf(address).words.reduce((number, word) => (number << 32n) | BigInt(word), 0n);
}

function addressOf(number: bigint, bits: 32 | 128): Address {
  const bytes = Array.from({ length: bits / 8 }, (_, index) =>
    Number((number >> BigInt(bits - 8 - 8 * index)) & 255n),
  );
  return ipaddr.fromByteArray(bytes).toString();
}
