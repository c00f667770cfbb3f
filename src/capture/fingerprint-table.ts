// Which texts passed between us and which address, and when. Fixed in size, so that nobody can make it grow; keyed at
// random, so that nobody can aim at a slot. What a text in it means, whoever fills it decides.
import { randomBytes } from 'node:crypto';
import type { Address } from '../model/address.ts';
import type { Time } from '../model/time.ts';

export interface FingerprintTable {
  remember(address: Address, text: string, time: Time): void;
  /** When the text was last remembered with that address; undefined where it never was, or was pushed out since. */
  rememberedAt(address: Address, text: string): Time | undefined;
  /** Everything that was remembered after this time is still known. */
  completeSince(): Time;
}

const { imul } = Math;

/** Slots that one text may lie in, side by side. The oldest of them leaves when all are taken. */
const probes = 8;

/** `slots` is a power of two; 16 bytes each. At 2^20 a text outlives 30 s of 30,000 others a second. */
export function createFingerprintTable(slots: number): FingerprintTable {
  // Of each slot the two words of a fingerprint, then the time: together, so that a look-up touches one place.
  const words = new Uint32Array(4 * slots);
  const times = new Float64Array(words.buffer);
  const seeds = randomBytes(8);
  /** The fingerprint of 64 bits that was made last. */
  let one = 0;
  let other = 0;
  let forgottenUntil = Number.NEGATIVE_INFINITY;

  const mix = (text: string): void => {
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      one = imul(one ^ code, 0x5bd1e995);
      one ^= one >>> 15;
      other = imul(other + code, 0x85ebca6b);
      other ^= other >>> 13;
    }
  };

  const makeFingerprint = (address: Address, text: string): void => {
    one = seeds.readInt32LE(0);
    other = seeds.readInt32LE(4);
    mix(address);
    mix(' ');
    mix(text);
    one = imul(one ^ (one >>> 16), 0xc2b2ae35) >>> 0;
    // Never 0: that is an empty slot.
    other = (imul(other, 0x27d4eb2f) | 1) >>> 0;
  };

  /** Its slot, or else the one that it would take: the first empty one, or that of the oldest. */
  const locate = (): number => {
    let oldest = one & (slots - 1);
    for (let probe = 0; probe < probes; probe += 1) {
      const slot = (one + probe) & (slots - 1);
      const held = words[4 * slot + 1];
      if (held === 0 || (held === other && words[4 * slot] === one)) return slot;
      if (times[2 * slot + 1]! < times[2 * oldest + 1]!) oldest = slot;
    }
    return oldest;
  };

  const isKnownAt = (slot: number): boolean => words[4 * slot] === one && words[4 * slot + 1] === other;

  return {
    remember(address, text, time) {
      makeFingerprint(address, text);
      const slot = locate();
      if (words[4 * slot + 1] !== 0 && !isKnownAt(slot)) {
        forgottenUntil = Math.max(forgottenUntil, times[2 * slot + 1]!);
      }
      words[4 * slot] = one;
      words[4 * slot + 1] = other;
      times[2 * slot + 1] = time;
    },
    rememberedAt(address, text) {
      makeFingerprint(address, text);
      const slot = locate();
      return isKnownAt(slot) ? times[2 * slot + 1] : undefined;
    },
    completeSince: () => forgottenUntil,
  };
}
