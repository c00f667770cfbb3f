// The packet sensor's counters: totals since the daemon started, over every run of the two programs.

export type Counts = Readonly<Record<string, number>>;

export interface CaptureCounters {
  /** One more of something that we count ourselves. */
  add(name: string): void;
  /** What the sidecar counted in this run. */
  tell(counts: Counts): void;
  /** What the kernel dropped in this run before it was read. */
  tellDrops(drops: number): void;
  /** The run is over: what was told last is kept. */
  endRun(): void;
  totals(): Counts;
}

/** Names come from the sidecar, which may be in a stranger's hands: further ones are not kept. */
const namesLimit = 500;

export function createCaptureCounters(): CaptureCounters {
  const own: Record<string, number> = { restarts: 0, refused: 0 };
  let past: Counts = {};
  let told: Counts = {};
  let drops = 0;
  const seen = (): Counts => sum(past, { ...told, kernelDrops: drops });
  return {
    add(name) {
      own[name] = (own[name] ?? 0) + 1;
    },
    tell(counts) {
      told = counts;
    },
    tellDrops(count) {
      drops = count;
    },
    endRun() {
      past = seen();
      told = {};
      drops = 0;
    },
    totals: () => ({ ...seen(), ...own }),
  };
}

function sum(one: Counts, other: Counts): Counts {
  const totals = new Map(Object.entries(one));
  for (const [name, count] of Object.entries(other)) {
    if (totals.has(name) || totals.size < namesLimit) totals.set(name, (totals.get(name) ?? 0) + count);
  }
  return Object.fromEntries(totals);
}
