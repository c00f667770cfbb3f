// Which nonces left to which address, and when. Fixed in size, so that nobody can make it grow; keyed at random, so
// that nobody can aim at a slot. Only what we sent goes in: whoever fills it decides that.
import { randomBytes } from 'node:crypto';
import type { Address } from '../model/address.ts';
import type { Time } from '../model/time.ts';

export interface NonceTable {
  remember(address: Address, nonce: string, time: Time): void;
  /** When the nonce last left to that address; undefined where it never did, or was pushed out since. */
  issuedAt(address: Address, nonce: string): Time | undefined;
  /** Every nonce that left after this time is still known. */
  completeSince(): Time;
}

const { imul } = Math;

/** Slots that one nonce may lie in. The oldest of them leaves when all are taken. */
const probes = 8;

/** `slots` is a power of two; 16 bytes each. At 2^20 a nonce outlives 30 s of 30,000 challenges a second. */
export function createNonceTable(slots = 2 ** 20): NonceTable {
  // A fingerprint of 64 bits stands for address and nonce; 0 in `high` is an empty slot.
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
    remember(address, nonce, time) {
      const [one, other] = fingerprint(address, nonce);
      const known = find(one, other);
      const slot = known < 0 ? makeRoom(one) : known;
      low[slot] = one;
      high[slot] = other;
      times[slot] = time;
    },
    issuedAt(address, nonce) {
      const slot = find(...fingerprint(address, nonce));
      return slot < 0 ? undefined : times[slot];
    },
    completeSince: () => forgottenUntil,
  };
}

function createFingerprint(): (address: Address, nonce: string) => readonly [number, number] {
  const key = randomBytes(8);
  const seeds = [key.readUInt32LE(0), key.readUInt32LE(4)] as const;
  return (address, nonce) => {
    const text = `${address} ${nonce}`;
    let one: number = seeds[0];
    let other: number = seeds[1];
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      one = imul(one ^ code, 0x5bd1e995);
      one ^= one >>> 15;
      other = imul(other + code, 0x85ebca6b);
      other ^= other >>> 13;
    }
    // Never 0 in the second: that is an empty slot.
    return [imul(one ^ (one >>> 16), 0xc2b2ae35) >>> 0, (imul(other, 0x27d4eb2f) | 1) >>> 0];
  };
}
