// Where the kernel holds something else than the truth says. Pure.
import { type Entry, isLimit, type Place, type SetName } from '../model/enforcer.ts';
import type { Time } from '../model/time.ts';
import { maxTimeoutSeconds } from './member.ts';

export interface Difference {
  readonly place: Place;
  /** `time`: it is there for too long or too short, or about to run out; nobody has to have touched it. */
  readonly kind: 'gone' | 'added' | 'time';
}

const passing: ReadonlySet<SetName> = new Set(['allow', 'shield']);

/** Half of what the kernel can count. Milliseconds. */
const renewedBefore = (maxTimeoutSeconds / 2) * 1_000;
/** The kernel counts whole seconds, up or down. Milliseconds. */
const timeoutTolerance = 2_000;

/** `truth` is keyed by `keyOf`. Whoever is slowed is the kernel's affair. */
export function differences(
  truth: ReadonlyMap<string, Entry>,
  held: readonly Entry[],
  now: Time,
): readonly Difference[] {
  const lasts = ({ until }: Entry) => until === undefined || until > now + timeoutTolerance;
  const heldByKey = new Map(held.map((entry) => [keyOf(entry), entry]));
  const surplus = [...heldByKey]
    .filter(([key, { set }]) => !truth.has(key) && !isLimit(set))
    .map(([, place]) => ({ place, kind: lasts(place) ? 'added' : 'time' }) as const);
  const wrong = [...truth].flatMap(([key, place]): readonly Difference[] => {
    const there = heldByKey.get(key);
    if (agrees(place, there, now)) return [];
    return [{ place, kind: there || !lasts(place) ? 'time' : 'gone' }];
  });
  return [...surplus, ...wrong];
}

/** Whoever must get through gets through before others are blocked, and is let go only after them. */
export function inOrder(differences: readonly Difference[]): readonly (readonly Difference[])[] {
  const rank = ({ place, kind }: Difference) => (!passing.has(place.set) ? 1 : kind === 'added' ? 2 : 0);
  return [0, 1, 2].map((wanted) => differences.filter((each) => rank(each) === wanted));
}

/** `3 gone from the set ban`, for a person; of differences of time nothing is said. */
export function inWords(differences: readonly Difference[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { place, kind } of differences) {
    if (kind === 'time') continue;
    const words = `${kind === 'gone' ? 'gone from' : 'too many in'} the set ${place.set}`;
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  return [...counts].map(([words, count]) => `${count} ${words}`);
}

export function keyOf({ set, target, port }: Place): string {
  return port ? `${set} ${target} ${port.protocol} ${port.port}` : `${set} ${target}`;
}

function agrees(wanted: Entry, held: Entry | undefined, now: Time): boolean {
  if (!held) return false;
  if (wanted.until === undefined || held.until === undefined) return wanted.until === held.until;
  // The kernel may slow somebody longer than we wanted it to; and what ends later than it can count is renewed in time.
  if (isLimit(wanted.set) && held.until >= wanted.until) return true;
  if (Math.min(wanted.until, held.until) > now + renewedBefore) return true;
  return Math.abs(wanted.until - held.until) <= timeoutTolerance;
}
