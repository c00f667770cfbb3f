// Where entries of the two lists lie in one another: what is listed twice, and where the lists contradict each other.
import {
  type ListEntry,
  type ListName,
  type ListTarget,
  listNames,
  networksOf,
} from '../model/list-entry.ts';
import type { AddressList } from './address-list.ts';

export interface Listed {
  readonly list: ListName;
  readonly target: ListTarget;
}

/** `outer` covers all of `inner`, or one network of it. */
export interface Overlap {
  /** Allow always wins: a denied entry in an allowed one does nothing, and an allowed one is an exception. */
  readonly kind: 'listed-twice' | 'without-effect' | 'exception';
  readonly inner: Listed;
  readonly outer: Listed;
}

type Lists = Readonly<Record<ListName, AddressList>>;

/** All of both lists, one for each pair of entries, at most `limit`. */
export function findOverlaps(lists: Lists, limit: number): readonly Overlap[] {
  function* all() {
    for (const list of listNames) {
      for (const entry of lists[list].entries()) yield* around(lists, list, entry);
    }
  }
  return first(all(), limit);
}

/** Those of one entry, at most `limit`. */
export function overlapsOf(
  lists: Lists,
  list: ListName,
  entry: ListEntry,
  limit: number,
): readonly Overlap[] {
  function* all() {
    yield* around(lists, list, entry);
    yield* inside(lists, list, entry);
  }
  return first(all(), limit);
}

function* around(lists: Lists, list: ListName, entry: ListEntry): Generator<Overlap> {
  for (const network of networksOf(entry)) {
    for (const other of listNames) {
      for (const { target } of lists[other].covering(network)) {
        yield overlap({ list, target: entry.target }, { list: other, target });
      }
    }
  }
}

function* inside(lists: Lists, list: ListName, entry: ListEntry): Generator<Overlap> {
  for (const network of networksOf(entry)) {
    for (const other of listNames) {
      for (const { target } of lists[other].inside(network)) {
        yield overlap({ list: other, target }, { list, target: entry.target });
      }
    }
  }
}

function overlap(inner: Listed, outer: Listed): Overlap {
  if (inner.list === outer.list) return { kind: 'listed-twice', inner, outer };
  if (inner.target === outer.target && inner.list === 'allow') return overlap(outer, inner);
  return { kind: inner.list === 'deny' ? 'without-effect' : 'exception', inner, outer };
}

/** One for each pair, and none of an entry with itself. */
function first(overlaps: Iterable<Overlap>, limit: number): readonly Overlap[] {
  const found = new Map<string, Overlap>();
  for (const each of overlaps) {
    if (found.size >= limit) break;
    const [one, other] = [each.inner, each.outer].map(({ list, target }) => `${list} ${target}`).toSorted();
    if (one !== other && !found.has(`${one} ${other}`)) found.set(`${one} ${other}`, each);
  }
  return [...found.values()];
}
