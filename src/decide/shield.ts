// Addresses known to be ours because a phone behind them registered. A shield is earned: whoever gets in only after
// proven failures is no friend. It protects from asserted evidence at once, and softens proven evidence once it is old.
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { type Address, contains, type Network } from '../model/address.ts';
import type { Observation } from '../model/observation.ts';
import { durationOption } from '../model/options.ts';
import type { ShieldEntry } from '../model/shield-entry.ts';
import type { Time } from '../model/time.ts';

export const shieldOptions = z.strictObject({
  lifetime: durationOption('7h').describe(
    'How long an address stays shielded after its last successful authentication.',
  ),
  young_for: durationOption('1d').describe(
    'A shield younger than this protects from forged evidence, but not from proven evidence: one stolen account must not cover a password attack.',
  ),
  failures_forgotten_after: durationOption('10m').describe(
    'An address with a proven failed authentication within this time earns no shield by a success.',
  ),
});
export type ShieldOptions = z.infer<typeof shieldOptions>;

export interface Shield {
  /** The entry that an observation made or prolonged, if it did. */
  learn(observation: Observation): ShieldEntry | undefined;
  /** A shielded address that the target is or contains. */
  covering(target: Network, now: Time): ShieldEntry | undefined;
  isYoung(entry: ShieldEntry, now: Time): boolean;
  /** Takes the shield from every address that the target is or contains: a ban has been decided. */
  revoke(target: Network): readonly ShieldEntry[];
  entries(now: Time): readonly ShieldEntry[];
}

const maxShielded = 65_536;

export function createShield(options: () => ShieldOptions, initial: readonly ShieldEntry[] = []): Shield {
  const shielded = new LRUCache<Address, ShieldEntry>({ max: maxShielded });
  for (const entry of initial) shielded.set(entry.address, entry);
  const lastFailure = new LRUCache<Address, Time>({ max: maxShielded });

  const current = (now: Time) => [...shielded.values()].filter((entry) => entry.until > now);

  return {
    learn(observation) {
      const { address } = observation.source;
      const { time } = observation;
      if (observation.kind === 'authentication-failed' && observation.proof.level === 'proven') {
        lastFailure.set(address, time);
      }
      if (observation.kind !== 'authentication-succeeded') return undefined;
      const known = shielded.get(address);
      const isKnown = known !== undefined && known.until > time;
      const failedAt = lastFailure.get(address) ?? Number.NEGATIVE_INFINITY;
      if (!isKnown && time - failedAt < options().failures_forgotten_after) return undefined;
      const provenSince =
        (isKnown ? known.provenSince : undefined) ??
        (observation.proof.level === 'proven' ? time : undefined);
      const entry: ShieldEntry = {
        address,
        account: observation.account,
        since: isKnown ? known.since : time,
        ...(provenSince !== undefined && { provenSince }),
        lastSeen: time,
        until: time + options().lifetime,
      };
      shielded.set(address, entry);
      return entry;
    },
    covering(target, now) {
      const exact = shielded.get(target);
      if (exact && exact.until > now) return exact;
      return target.includes('/') ? current(now).find((entry) => contains(target, entry.address)) : undefined;
    },
    isYoung: ({ provenSince = Number.POSITIVE_INFINITY }, now) => now - provenSince < options().young_for,
    revoke(target) {
      const revoked = [...shielded.values()].filter((entry) => contains(target, entry.address));
      for (const entry of revoked) shielded.delete(entry.address);
      return revoked;
    },
    entries: current,
  };
}
