// The sets of our table in nftables. An nft set cannot hold a network beside an address in it, so there is one for each
// prefix length, as ipset's hash:net has them inside: a packet is looked up by its masked source in each. Pure.
import { type Address, isIPv6, networkOf, parseNetwork, prefixLength } from '../model/address.ts';
import {
  isLimit,
  limitNames,
  type Place,
  type SetName,
  type SourcePort,
  setNames,
} from '../model/enforcer.ts';
import { type Family, families, setCapacity } from './kernel-sets.ts';

/** Networks of one length (of 32 or 128 bits: addresses) in one set of the model. */
export interface NftSet {
  readonly set: SetName;
  readonly family: Family;
  readonly length: number;
}

const addressBits = { 4: 32, 6: 128 } as const;
/** IANA's, as `nft -n` writes them. */
const protocols: ReadonlyMap<number, SourcePort['protocol']> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
]);

/** Sets that are there from the start; those of other lengths are made when a network of that length comes. */
export const standingSets: readonly NftSet[] = [...setNames, ...limitNames].flatMap((set) =>
  families.flatMap((family) => lengthsOf(set, family).map((length) => ({ set, family, length }))),
);

function lengthsOf(set: SetName, family: Family): readonly number[] {
  if (family === 4) return [32];
  if (set === 'port') return [128];
  // The kernel itself fills them, and whoever holds one address of a /64 holds all of them.
  return isLimit(set) ? [64] : [128, 64];
}

export function nftSetOf({ set, target }: Pick<Place, 'set' | 'target'>): NftSet {
  return { set, family: isIPv6(target) ? 6 : 4, length: prefixLength(target) };
}

export function nftSetName({ set, family, length }: NftSet): string {
  return `${set}${family}_${length}`;
}

/** Undefined where it is no set of members of ours. */
export function nftSetNamed(name: string): NftSet | undefined {
  const [, set = '', family, length] = /^([a-z]+)([46])_(\d{1,3})$/.exec(name) ?? [];
  const known = [...setNames, ...limitNames].find((candidate) => candidate === set);
  if (known === undefined) return undefined;
  return { set: known, family: family === '4' ? 4 : 6, length: Number(length) };
}

/** What a set is made with; of one that was made otherwise, the members move to a new one. */
export interface NftHeader {
  readonly type: string;
  readonly size: number;
}

export function nftHeaderOf({ set, family }: NftSet): NftHeader {
  const address = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  const type = set === 'port' ? `${address} . inet_proto . inet_service` : address;
  return { type, size: setCapacity[set] };
}

export function addSet(set: NftSet): string {
  const { type, size } = nftHeaderOf(set);
  const flags = isLimit(set.set) ? 'dynamic,timeout' : 'timeout';
  return `add set inet sipwarden ${nftSetName(set)} { type ${type}; size ${size}; flags ${flags}; counter; }`;
}

/** Whether a packet comes from a member of this set. */
export function sourceIn(set: NftSet): string {
  const { family, length } = set;
  const source = family === 4 ? 'ip saddr' : 'ip6 saddr';
  const name = `@${nftSetName(set)}`;
  if (set.set === 'port') return `${source} . meta l4proto . th sport ${name}`;
  if (length === addressBits[family]) return `${source} ${name}`;
  const ones = family === 4 ? '255.255.255.255' : 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
  const [mask] = networkOf(ones, length).split('/');
  return `${source} & ${mask} ${name}`;
}

/** `place` has passed `memberOf`. */
export function elementOf({ target, port }: Place): string {
  const [address = ''] = target.split('/');
  return port ? `${address} . ${port.protocol} . ${port.port}` : address;
}

/** An element as `nft -j -n` gives it; undefined where it can be none of ours. */
export function placeOfElement({ set, length }: NftSet, key: ElementKey): Place | undefined {
  if (typeof key === 'string') {
    const target = set === 'port' ? undefined : parseNetwork(`${key}/${length}`);
    return target === undefined ? undefined : { set, target };
  }
  const [address, number, port] = key.concat;
  const protocol = protocols.get(number);
  const target = parseNetwork(address);
  if (set !== 'port' || protocol === undefined || target === undefined) return undefined;
  return { set, target, port: { protocol, port } };
}

export type ElementKey = Address | { readonly concat: readonly [Address, number, number] };
