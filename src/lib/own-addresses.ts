// The addresses of this machine. Everybody who is judged is compared with them, and to read them takes longer than all the
// rest of it: an answer is good for a second.
import { networkInterfaces } from 'node:os';
import { type Address, parseAddress } from '../model/address.ts';
import type { Time } from '../model/time.ts';

/** Milliseconds. */
const goodFor = 1_000;

export function createOwnAddresses(now: () => Time): () => readonly Address[] {
  let addresses: readonly Address[] = [];
  let readAt: Time | undefined;
  return () => {
    const time = now();
    // A clock that was set back does not keep an old answer alive.
    if (readAt === undefined || Math.abs(time - readAt) >= goodFor) {
      addresses = readAddresses();
      readAt = time;
    }
    return addresses;
  };
}

function readAddresses(): readonly Address[] {
  return Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .flatMap(({ address }) => parseAddress(address.split('%')[0] ?? '') ?? []);
}
