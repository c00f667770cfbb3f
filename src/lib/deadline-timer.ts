// Wakes somebody when what he waits for is due. No timer runs while nothing is due.

export interface DeadlineTimer {
  /** The deadline may have changed. */
  rearm(): void;
  stop(): void;
}

export interface DeadlineTimerParts {
  /** Epoch milliseconds, as `now`. */
  readonly nextDeadline: () => number | undefined;
  readonly wake: () => void;
  readonly now: () => number;
  /** No sooner than this after `rearm`: of many deadlines close together one wake-up serves all. Milliseconds. */
  readonly leastMs?: number;
}

/** Node's timers hold no more (about 24 days). Whoever waits longer is woken in between, and finds nothing due. */
const longestMs = 2 ** 31 - 1;

export function createDeadlineTimer({
  nextDeadline,
  wake,
  now,
  leastMs = 0,
}: DeadlineTimerParts): DeadlineTimer {
  let timer: NodeJS.Timeout | undefined;
  let armedFor = Number.POSITIVE_INFINITY;

  const stop = (): void => {
    clearTimeout(timer);
    armedFor = Number.POSITIVE_INFINITY;
  };
  const rearm = (): void => {
    const deadline = nextDeadline();
    if (deadline === undefined || deadline >= armedFor) return;
    const time = now();
    const at = Math.max(deadline, time + leastMs);
    if (at >= armedFor) return;
    stop();
    armedFor = at;
    timer = setTimeout(fire, Math.min(at - time, longestMs)).unref();
  };
  const fire = (): void => {
    armedFor = Number.POSITIVE_INFINITY;
    wake();
    rearm();
  };
  return { rearm, stop };
}
