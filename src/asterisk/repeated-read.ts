// Something that is read again after it has changed: soon, but the longer a read takes the less often, and after a failure
// with growing patience. It does nothing while nothing changes.
import { createReconnectDelay } from './reconnect-delay.ts';

export interface RepeatedRead {
  /** It may have changed. Many requests close together are one read. */
  request(): void;
  /** As `request`, but nothing of before counts any more: no rest, no patience. */
  requestAnew(): void;
  close(): void;
}

export interface ReadTiming {
  /** How long further requests are waited for. */
  readonly quietMs: number;
  /** After a read it rests fifty times as long as that took, and no longer than this. */
  readonly restMostMs: number;
  readonly retryLeastMs: number;
  readonly retryMostMs: number;
}

const restFactor = 50;

/** A `read` that rejects is repeated. No two of them run at a time. */
export function createRepeatedRead(
  read: () => Promise<void>,
  { quietMs, restMostMs, retryLeastMs, retryMostMs }: ReadTiming,
): RepeatedRead {
  const patience = createReconnectDelay({ leastMs: retryLeastMs, mostMs: retryMostMs });
  let timer: NodeJS.Timeout | undefined;
  const wanted = { soon: false, anew: false };
  let isReading = false;
  let isClosed = false;
  let restsUntil = 0;

  const schedule = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(run, ms);
  };
  const ask = (how: 'soon' | 'anew'): void => {
    if (isClosed) return;
    if (isReading) wanted[how] = true;
    else if (how === 'anew') schedule(quietMs);
    else if (timer === undefined) schedule(Math.max(quietMs, restsUntil - performance.now()));
  };
  const run = async (): Promise<void> => {
    timer = undefined;
    isReading = true;
    wanted.soon = wanted.anew = false;
    const began = performance.now();
    const isRead = await read().then(
      () => true,
      () => false,
    );
    isReading = false;
    if (isClosed) return;
    const ended = performance.now();
    if (isRead) {
      patience.reset();
      restsUntil = ended + Math.min(restMostMs, restFactor * (ended - began));
    }
    if (wanted.anew) ask('anew');
    else if (!isRead) schedule(patience.nextMs());
    else if (wanted.soon) ask('soon');
  };
  return {
    request: () => ask('soon'),
    requestAnew: () => ask('anew'),
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
