// The packet sensor's counters: totals since the daemon started, over every run of the two programs.
import { readNetlinkDrops } from './netlink-drops.ts';

export interface CaptureCounters {
  /** Something that we count ourselves. */
  add(name: string): void;
  /** Totals of the run that goes on, as the sidecar tells them. */
  tell(counters: Readonly<Record<string, number>>): void;
  /** What the kernel dropped in this run, where tcpdump says it. */
  tellDrops(drops: number): void;
  /** Asks the kernel how much an NFLOG reader lost in this run. */
  readDrops(portId: number | undefined): void;
  /** A run is over: what it told last is kept. */
  endRun(): void;
  totals(): Readonly<Record<string, number>>;
}
