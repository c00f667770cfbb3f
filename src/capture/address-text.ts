// The canonical text of addresses in packets, the same as `parseAddress` gives. Texts are remembered in tables of a
// fixed size, since most packets come from few sources; a flood of forged ones costs time and never memory.
import ipaddr from 'ipaddr.js';
import type { Address } from '../model/address.ts';

export interface AddressTexts {
  ipv4(bytes: Buffer, offset: number): Address;
  /** An IPv4-mapped address becomes IPv4. */
  ipv6(bytes: Buffer, offset: number): Address;
}

const slotBits = 14;
const slots = 1 << slotBits;

export function createAddressTexts(): AddressTexts {
  const keys4 = new Uint32Array(slots);
  const texts4: Address[] = new Array(slots);
  const keys6 = new Uint32Array(slots * 4);
  const texts6: Address[] = new Array(slots);

  function ipv4(bytes: Buffer, offset: number): Address {
    const key = bytes.readUInt32BE(offset);
    const slot = slotOf(key);
    const known = texts4[slot];
    if (known !== undefined && keys4[slot] === key) return known;
    keys4[slot] = key;
    const text = `${key >>> 24}.${(key >>> 16) & 255}.${(key >>> 8) & 255}.${key & 255}`;
    texts4[slot] = text;
    return text;
  }

  function ipv6(bytes: Buffer, offset: number): Address {
    const a = bytes.readUInt32BE(offset);
    const b = bytes.readUInt32BE(offset + 4);
    const c = bytes.readUInt32BE(offset + 8);
    const d = bytes.readUInt32BE(offset + 12);
    if (a === 0 && b === 0 && c === 0xffff) return ipv4(bytes, offset + 12);
    const slot = slotOf(a ^ Math.imul(b, 3) ^ Math.imul(c, 5) ^ Math.imul(d, 7));
    const key = slot * 4;
    const known = texts6[slot];
    const isKnown = keys6[key] === a && keys6[key + 1] === b && keys6[key + 2] === c && keys6[key + 3] === d;
    if (known !== undefined && isKnown) return known;
    keys6.set([a, b, c, d], key);
    const text = ipaddr.fromByteArray([...bytes.subarray(offset, offset + 16)]).toString();
    texts6[slot] = text;
    return text;
  }

  return { ipv4, ipv6 };
}

/** Fibonacci hashing: the upper bits of the product. */
function slotOf(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> (32 - slotBits);
}
