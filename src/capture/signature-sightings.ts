// Thins out the repeats of a scanner: who sends a thousand requests a second is told once in 100 ms, with their number.
import { LRUCache } from 'lru-cache';
import type { SignatureMatch } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import type { Emit } from './sip-exchange.ts';

const intervalMs = 100;
const sourceLimit = 4_096;

interface Sighting {
  toldAt: Time;
  /** The last one that was not told yet. */
  held: SignatureMatch | undefined;
  /** Messages that were not told yet. */
  messages: number;
  due: Time;
}

export interface SignatureSightings {
  see(match: SignatureMatch): void;
  /** Tells what has been held back for 100 ms. */
  advance(time: Time): void;
  /** Tells all that is held back. */
  end(): void;
  nextDeadline(): Time | undefined;
}

/** The first sighting of a source, signature, transport and proof level is told at once, its repeats summed up. */
export function createSignatureSightings(emit: Emit): SignatureSightings {
  /** Those with something held, in the order in which they fall due. */
  const waiting = new Map<string, Sighting>();
  const sightings = new LRUCache<string, Sighting>({
    max: sourceLimit,
    dispose: (sighting, key, reason) => {
      if (reason === 'evict') tell(key, sighting);
    },
  });

  function tell(key: string, sighting: Sighting): void {
    if (!sighting.held) return;
    emit({ ...sighting.held, messages: sighting.messages });
    sighting.toldAt = sighting.due;
    sighting.held = undefined;
    sighting.messages = 0;
    waiting.delete(key);
  }

  function advance(time: Time): void {
    for (const [key, sighting] of waiting) {
      if (sighting.due > time) return;
      tell(key, sighting);
    }
  }

  return {
    see(match) {
      const key = `${match.source.address} ${match.transport} ${match.proof.level} ${match.signature}`;
      const known = sightings.get(key);
      if (!known || (!known.held && match.time - known.toldAt >= intervalMs)) {
        sightings.set(key, { toldAt: match.time, held: undefined, messages: 0, due: match.time });
        return emit(match);
      }
      if (!known.held) {
        known.due = match.time + intervalMs;
        waiting.set(key, known);
      }
      known.held = match;
      known.messages += match.messages;
    },
    advance,
    end: () => advance(Number.POSITIVE_INFINITY),
    nextDeadline: () => waiting.values().next().value?.due,
  };
}
