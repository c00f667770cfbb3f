// Thins out repeats: who sends a thousand scanner requests a second is told of once in 100 ms, with their number.
import { LRUCache } from 'lru-cache';
import type { MalformedMessage, SignatureMatch } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import type { Emit } from './sip-exchange.ts';

const intervalMs = 100;
const sourceLimit = 4_096;

type Sighted = SignatureMatch | MalformedMessage;

interface Sighting {
  toldAt: Time;
  /** The last one that was not told yet. */
  held: Sighted | undefined;
  /** Messages that were not told yet. */
  messages: number;
  due: Time;
}

export interface Sightings {
  see(sighted: Sighted): void;
  /** Tells what has been held back for 100 ms. */
  advance(time: Time): void;
  /** Tells all that is held back. */
  end(): void;
  nextDeadline(): Time | undefined;
}

/** The first of a source, transport, proof level and what was seen is told at once, its repeats summed up. */
export function createSightings(emit: Emit): Sightings {
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
    see(sighted) {
      const key = keyOf(sighted);
      const known = sightings.get(key);
      if (!known || (!known.held && sighted.time - known.toldAt >= intervalMs)) {
        sightings.set(key, { toldAt: sighted.time, held: undefined, messages: 0, due: sighted.time });
        return emit(sighted);
      }
      if (!known.held) {
        known.due = sighted.time + intervalMs;
        waiting.set(key, known);
      }
      known.held = sighted;
      known.messages += sighted.messages;
    },
    advance,
    end: () => advance(Number.POSITIVE_INFINITY),
    nextDeadline: () => waiting.values().next().value?.due,
  };
}

function keyOf(sighted: Sighted): string {
  const { kind, source, transport, proof } = sighted;
  const what = kind === 'signature-match' ? sighted.signature : sighted.problem;
  return `${kind} ${source.address} ${transport} ${proof.level} ${what}`;
}
