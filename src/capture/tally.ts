// The sidecar's counters: totals by name, told at most every five seconds and only after a change.

const tellEveryMs = 5_000;
/** Further names are counted as `other`. The daemon takes no more than this in one message. */
const namesLimit = 150;

export interface Tally {
  /** The new total. */
  add(name: string, count?: number): number;
  totals(): Record<string, number>;
}

/** `tell` answers whether it could; where not, it is asked again later. */
export function createTally(tell: (counters: Record<string, number>) => boolean): Tally {
  const counts = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  const totals = () => Object.fromEntries(counts);
  const wait = (): void => {
    if (timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      if (!tell(totals())) wait();
    }, tellEveryMs).unref();
  };
  return {
    add(name, count = 1) {
      const key = counts.has(name) || counts.size < namesLimit ? name : 'other';
      const total = (counts.get(key) ?? 0) + count;
      counts.set(key, total);
      if (count > 0) wait();
      return total;
    },
    totals,
  };
}
