// Which texts were given to whom, and when. Fixed in size, so that nobody can make it grow; keyed at random, so that
// nobody can aim at a slot. What a text in it means, whoever fills it decides.
import { randomBytes } from 'node:crypto';
import type { Time } from '../model/time.ts';

export interface FingerprintTable {
  remember(text: string, holder: string, time: Time): void;
  /**
   * When the text was last remembered with that holder. Undefined where it never was, was pushed out since, or was
   * remembered with another holder too: what several know tells them not apart.
   */
  rememberedAt(text: string, holder: string): Time | undefined;
  /** Everything that was remembered after this time is still known. */
  completeSince(): Time;
}

const { imul } = Math;

/** The lowest bits of a fingerprint's second word say who holds the text: somebody, or several. */
const holderBits = 2 ** 20 - 1;
const several = holderBits;

/** Slots that one text may lie in, side by side. The oldest of them leaves when all are taken. */
const probes = 8;

/** `slots` is a power of two; 16 bytes each. At 2^20 a text outlives 30 s of 30,000 others a second. */
export function createFingerprintTable(slots: number): FingerprintTable {
  // Of each slot the two words of a fingerprint, then the time: together, so that a look-up touches one place.
  const words = new Uint32Array(4 * slots);
  const times = new Float64Array(words.buffer);
  const seeds = randomBytes(8);
  /** The fingerprint of the text that was looked for last, of 44 bits, and of its holder. */
  let one = 0;
  let other = 0;
  let holder = 0;
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

  const makeFingerprint = (text: string, heldBy: string): void => {
    const seedOne = seeds.readInt32LE(0);
    const seedOther = seeds.readInt32LE(4);
    [one, other] = [seedOne, seedOther];
    mix(heldBy);
    // Never 0, so that no second word is: that is an empty slot.
    holder = 1 + ((imul(other ^ one, 0x27d4eb2f) >>> 0) % (several - 1));
    [one, other] = [seedOne, seedOther];
    mix(text);
    one = imul(one ^ (one >>> 16), 0xc2b2ae35) >>> 0;
    other = (imul(other, 0x27d4eb2f) & ~holderBits) >>> 0;
  };

  const isKnownAt = (slot: number): boolean =>
    words[4 * slot] === one && (words[4 * slot + 1]! & ~holderBits) >>> 0 === other;
  const holderAt = (slot: number): number => words[4 * slot + 1]! & holderBits;

  /** Its slot, or else the one that it would take: the first empty one, or that of the oldest. */
  const locate = (): number => {
    let oldest = one & (slots - 1);
    for (let probe = 0; probe < probes; probe += 1) {
      const slot = (one + probe) & (slots - 1);
      if (words[4 * slot + 1] === 0 || isKnownAt(slot)) return slot;
      if (times[2 * slot + 1]! < times[2 * oldest + 1]!) oldest = slot;
    }
    return oldest;
  };

  return {
    remember(text, heldBy, time) {
      makeFingerprint(text, heldBy);
      const slot = locate();
      const isTaken = words[4 * slot + 1] !== 0;
      const isKnown = isTaken && isKnownAt(slot);
      if (isTaken && !isKnown) forgottenUntil = Math.max(forgottenUntil, times[2 * slot + 1]!);
      const isOthers = isKnown && holderAt(slot) !== holder;
      words[4 * slot] = one;
      words[4 * slot + 1] = other | (isOthers ? several : holder);
      times[2 * slot + 1] = time;
    },
    rememberedAt(text, heldBy) {
      makeFingerprint(text, heldBy);
      const slot = locate();
      return isKnownAt(slot) && holderAt(slot) === holder ? times[2 * slot + 1] : undefined;
    },
    completeSince: () => forgottenUntil,
  };
}
