// Several enforcers that carry out the same decisions, each behind a reconciler of its own. The first one answers; the
// others neither hold it up nor make it fail, and catch up by themselves.
import type { Entry, Place, SetName } from '../model/enforcer.ts';
import type { Reconciler } from './reconciler.ts';

export function joinLayers(first: Reconciler, others: readonly Reconciler[]): Reconciler {
  /** What fails there is tried again and told there. */
  const tell = (order: (reconciler: Reconciler) => Promise<unknown>) => {
    for (const other of others) void order(other).catch(() => undefined);
  };
  return {
    async start(desired) {
      const entries = [...desired];
      tell((other) => other.start(entries));
      await first.start(entries);
    },
    set(entry) {
      tell((other) => other.set(entry));
      return first.set(entry);
    },
    unset(place) {
      tell((other) => other.unset(place));
      return first.unset(place);
    },
    pending: first.pending,
    repair(touched) {
      tell((other) => other.repair(touched));
      return first.repair(touched);
    },
    async stop() {
      await Promise.all([first, ...others].map((each) => each.stop()));
    },
  };
}

/** A reconciler that is told of some sets alone; the others are no affair of its enforcer. */
export function onlyFor(sets: readonly SetName[], reconciler: Reconciler): Reconciler {
  const concerns = ({ set }: Place) => sets.includes(set);
  return {
    ...reconciler,
    start: (desired) => reconciler.start([...desired].filter(concerns)),
    set: async (entry: Entry) => (concerns(entry) ? reconciler.set(entry) : 'enforced'),
    unset: async (place) => (concerns(place) ? reconciler.unset(place) : 'enforced'),
  };
}
