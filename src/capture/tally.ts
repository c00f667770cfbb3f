// The sidecar's counters: totals by name, told at most every five seconds and only after a change.

const tellEveryMs = 5_000;
/** Further names are counted as `other`. The daemon takes no more than this in one message. */
const namesLimit = 150;

export interface Tally {
  /** The new total. */
  add(name: string, count?: number): number;
  /** Tells at once what was not told yet. */
  flush(): void;
}

export function createTally(tell: (counters: Record<string, number>) => void): Tally {
  const totals = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    if (!timer) return;
    clearTimeout(timer);
    timer = undefined;
    tell(Object.fromEntries(totals));
  };
  return {
    add(name, count = 1) {
      const key = totals.has(name) || totals.size < namesLimit ? name : 'other';
      const total = (totals.get(key) ?? 0) + count;
      totals.set(key, total);
      if (count > 0) timer ??= setTimeout(flush, tellEveryMs).unref();
      return total;
    },
    flush,
  };
}
