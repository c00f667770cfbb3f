// Whether messages come evenly, as from a phone that registers again and again. Pure.
import type { Time } from '../model/time.ts';

/** Closer together than this they belong to one try. Milliseconds. */
const sameTryMs = 400;
const leastTries = 4;
/** How much longer or shorter than the median a pause may be. */
const tolerance = 2;

/** The median pause between tries, in milliseconds; undefined where there are too few, or the pauses differ much. */
export function steadyPeriodOf(times: readonly Time[]): number | undefined {
  const tries = times.filter((time, index) => index === 0 || time - times[index - 1]! > sameTryMs);
  if (tries.length < leastTries) return undefined;
  const pauses = tries.slice(1).map((time, index) => time - tries[index]!);
  const median = pauses.toSorted((one, other) => one - other)[Math.floor(pauses.length / 2)]!;
  const isSteady = pauses.every((pause) => pause <= median * tolerance && pause >= median / tolerance);
  return isSteady ? median : undefined;
}
