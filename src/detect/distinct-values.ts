// How many different values of one source there were within a time. Values join over the sensors as a union: whoever
// saw it, one value is one.
import type { Faded, ProofLevel } from '../model/detection.ts';
import type { Time } from '../model/time.ts';

export interface DistinctValues {
  add(value: string, level: ProofLevel, time: Time): void;
  delete(value: string): void;
  /** Seen less than the window before or after. Asserted ones count the proven too. */
  count(level: ProofLevel, end: Time): number;
  /** The strongest level at which there are more than `limit`. */
  exceeds(limit: number, end: Time): ProofLevel | undefined;
  /** Of the messages only as many as there were different values. */
  fade(messages: Faded | undefined): Faded | undefined;
}

/** Keeps the latest `capacity` of each level. `before`: what is left of an earlier one, whose values are lost. */
export function createDistinctValues(withinMs: number, capacity: number, before?: Faded): DistinctValues {
  const seen: Record<ProofLevel, Map<string, Time>> = { asserted: new Map(), proven: new Map() };
  // No value is called so.
  for (let index = 0; before && index < Math.min(before.count, capacity); index += 1)
    seen.asserted.set(`\0${index}`, before.lastTime);

  const count = (level: ProofLevel, end: Time): number => {
    const levels: ProofLevel[] = level === 'proven' ? ['proven'] : ['asserted', 'proven'];
    const recent = levels.flatMap((one) =>
      [...seen[one]].filter(([, time]) => Math.abs(end - time) < withinMs),
    );
    return new Set(recent.map(([value]) => value)).size;
  };

  return {
    count,
    add(value, level, time) {
      remember(seen[level], value, Math.max(time, seen[level].get(value) ?? time), capacity);
    },
    delete(value) {
      seen.asserted.delete(value);
      seen.proven.delete(value);
    },
    exceeds(limit, end) {
      // Most sources have too few to look when they were seen.
      if (seen.asserted.size + seen.proven.size <= limit) return undefined;
      if (count('proven', end) > limit) return 'proven';
      return count('asserted', end) > limit ? 'asserted' : undefined;
    },
    fade: (messages) => messages && { ...messages, count: seen.asserted.size },
  };
}

/** The latest `most` are kept. */
export function remember(times: Map<string, Time>, value: string, time: Time, most: number): void {
  times.delete(value);
  times.set(value, time);
  const [oldest] = times.keys();
  if (times.size > most && oldest !== undefined) times.delete(oldest);
}
