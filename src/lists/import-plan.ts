// What an import does to a list: which entries come, change and go. Pure.
import type { ListEntry, ListTarget } from '../model/list-entry.ts';
import type { Time } from '../model/time.ts';
import type { ListCells } from './list-row.ts';

export interface ImportPlan {
  readonly added: readonly ListEntry[];
  readonly changed: readonly ListEntry[];
  readonly unchanged: number;
  readonly removed: readonly ListTarget[];
}

export interface ImportTerms {
  /** Of entries for which the file names no author, or no time. */
  readonly author: string;
  readonly time: Time;
  /** What the file does not name goes. */
  readonly isReplacing: boolean;
}

export function planImport(
  present: { get(target: ListTarget): ListEntry | undefined; entries(): readonly ListEntry[] },
  cells: ReadonlyMap<ListTarget, ListCells>,
  { author, time, isReplacing }: ImportTerms,
): ImportPlan {
  const added: ListEntry[] = [];
  const changed: ListEntry[] = [];
  for (const { target, note, until, ...given } of cells.values()) {
    const before = present.get(target);
    const entry: ListEntry = {
      target,
      note: note ?? before?.note ?? '',
      author: given.author ?? before?.author ?? author,
      time: given.time ?? before?.time ?? time,
      ...(until !== undefined && { until }),
      ...(before?.addresses && { addresses: before.addresses }),
    };
    if (!before) added.push(entry);
    else if (!isSame(before, entry)) changed.push(entry);
  }
  const gone = isReplacing ? present.entries().filter(({ target }) => !cells.has(target)) : [];
  return {
    added,
    changed,
    unchanged: cells.size - added.length - changed.length,
    removed: gone.map(({ target }) => target),
  };
}

function isSame(one: ListEntry, other: ListEntry): boolean {
  return (
    one.note === other.note &&
    one.author === other.author &&
    one.time === other.time &&
    one.until === other.until
  );
}
