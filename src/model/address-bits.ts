// Addresses as numbers, for what compares many of them. Only for canonical text, as `parseNetwork` makes it: what a
// stranger wrote has been through that before.

export interface AddressBits {
  /** One unsigned 32-bit word of an IPv4 address, four of an IPv6 address; the highest first. */
  readonly words: readonly number[];
  /** Bits that are fixed: of an address all. */
  readonly length: number;
}

const slashCode = 47;
const dotCode = 46;
const colonCode = 58;

export function bitsOf(target: string): AddressBits {
  return target.includes(':') ? bitsOfIPv6(target) : bitsOfIPv4(target);
}

/** How many of the first bits are the same, at most `limit`. */
export function commonBits(one: readonly number[], other: readonly number[], limit: number): number {
  for (let index = 0; index < one.length; index += 1) {
    const differing = (one[index]! ^ other[index]!) >>> 0;
    if (differing !== 0) return Math.min(limit, 32 * index + Math.clz32(differing));
  }
  return Math.min(limit, 32 * one.length);
}

/** 0 or 1; `index` counts from the highest bit. */
export function bitAt(words: readonly number[], index: number): 0 | 1 {
  return ((words[index >> 5]! >>> (31 - (index & 31))) & 1) as 0 | 1;
}

function bitsOfIPv4(text: string): AddressBits {
  let [word, part] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === slashCode) return { words: [(word * 256 + part) >>> 0], length: Number(text.slice(at + 1)) };
    if (code === dotCode) [word, part] = [word * 256 + part, 0];
    else part = part * 10 + code - 48;
  }
  return { words: [(word * 256 + part) >>> 0], length: 32 };
}

function bitsOfIPv6(text: string): AddressBits {
  const slash = text.indexOf('/');
  const end = slash < 0 ? text.length : slash;
  const groups: number[] = [];
  /** Groups before `::`. */
  let gap = -1;
  let at = 0;
  while (at < end) {
    if (text.charCodeAt(at) === colonCode) {
      if (text.charCodeAt(at + 1) === colonCode) gap = groups.length;
      at += text.charCodeAt(at + 1) === colonCode ? 2 : 1;
      continue;
    }
    let group = 0;
    for (; at < end && text.charCodeAt(at) !== colonCode; at += 1) {
      const code = text.charCodeAt(at) | 32;
      group = group * 16 + code - (code > 57 ? 87 : 48);
    }
    groups.push(group);
  }
  if (gap >= 0) groups.splice(gap, 0, ...new Array<number>(8 - groups.length).fill(0));
  const words = [0, 2, 4, 6].map((index) => (groups[index]! * 65_536 + groups[index + 1]!) >>> 0);
  return { words, length: slash < 0 ? 128 : Number(text.slice(slash + 1)) };
}
