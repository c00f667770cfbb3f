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

/** Slots that one text may lie in. The oldest of them leaves when all are taken. */
const probes = 8;

/** `slots` is a power of two; 16 bytes each. At 2^20 a text outlives 30 s of 30,000 others a second. */
export function createFingerprintTable(slots: number): FingerprintTable {
  // A fingerprint of 64 bits stands for address and text; 0 in `high` is an empty slot.
  const low = new Uint32Array(slots);
  const high = new Uint32Array(slots);
  const times = new Float64Array(slots);
  const fingerprint = createFingerprint();
  let forgottenUntil = Number.NEGATIVE_INFINITY;

  const find = (one: number, other: number): number => {
    for (let probe = 0; probe < probes; probe += 1) {
      const slot = (one + probe) & (slots - 1);
      if (high[slot] === other && low[slot] === one) return slot;
    }
    return -1;
  };

  const makeRoom = (one: number): number => {
    let oldest = one & (slots - 1);
    for (let probe = 0; probe < probes; probe += 1) {
      const slot = (one + probe) & (slots - 1);
      if (high[slot] === 0) return slot;
      if (times[slot]! < times[oldest]!) oldest = slot;
    }
    forgottenUntil = Math.max(forgottenUntil, times[oldest]!);
    return oldest;
  };

  return {
    remember(address, text, time) {
      const [one, other] = fingerprint(address, text);
      const known = find(one, other);
      const slot = known < 0 ? makeRoom(one) : known;
      low[slot] = one;
      high[slot] = other;
      times[slot] = time;
    },
    rememberedAt(address, text) {
      const slot = find(...fingerprint(address, text));
      return slot < 0 ? undefined : times[slot];
    },
    completeSince: () => forgottenUntil,
  };
}

function createFingerprint(): (address: Address, text: string) => readonly [number, number] {
  const key = randomBytes(8);
  const seeds = [key.readUInt32LE(0), key.readUInt32LE(4)] as const;
  let one = 0;
  let other = 0;
  const mix = (text: string): void => {
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      one = imul(one ^ code, 0x5bd1e995);
      one ^= one >>> 15;
      other = imul(other + code, 0x85ebca6b);
      other ^= other >>> 13;
    }
  };
  return (address, text) => {
    [one, other] = seeds;
    mix(address);
    mix(' ');
    mix(text);
    // Never 0 in the second: that is an empty slot.
    return [imul(one ^ (one >>> 16), 0xc2b2ae35) >>> 0, (imul(other, 0x27d4eb2f) | 1) >>> 0];
  };
}
