// Writes on their way to the disk, in order. Those that arrive together share one transaction; those that failed are
// tried again until they are in. Bounded: what does not fit is refused and counted.
import { SipwardenError } from '../model/error.ts';
import type { RefusedWrites, Statement } from './protocol.ts';

const batchLimit = 1_000;
/** Pause before the next try, doubled up to the longest: so long may a write wait for its answer. Milliseconds. */
const firstPauseMs = 50;
const longestPauseMs = 1_000;

export interface WriteQueueParts {
  /** One transaction: all is durable, or nothing is. Refused ones are named; the rest is durable. */
  readonly commit: (writes: readonly Statement[]) => Promise<RefusedWrites>;
  readonly capacity: number;
  readonly onFailing: (error: unknown, waiting: number) => void;
  readonly onWell: () => void;
}

export interface WriteQueue {
  /**
   * Resolves when all of it is durable: these writes share one transaction. Rejects with STORE_* where that did not work at the first try: it is tried again all
   * the same, except after STORE_REFUSED, STORE_OVERFLOW and STORE_CLOSED. May be left unawaited.
   */
  add(...writes: readonly Statement[]): Promise<void>;
  /** Writes what is left, but tries a failing disk only once more; gives back how many writes are lost. */
  close(): Promise<number>;
  counters(): { waiting: number; written: number; refused: number; overflowed: number; failedTries: number };
}

interface Entry {
  readonly writes: readonly Statement[];
  resolve(): void;
  reject(error: unknown): void;
}

export function createWriteQueue({ commit, capacity, onFailing, onWell }: WriteQueueParts): WriteQueue {
  const entries: Entry[] = [];
  const counted = { written: 0, refused: 0, overflowed: 0, failedTries: 0 };
  let running: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let pauseMs = firstPauseMs;
  let isClosed = false;

  const settle = (batch: readonly Entry[], refused: RefusedWrites) => {
    entries.splice(0, batch.length);
    counted.refused += refused.size;
    counted.written += batch.reduce((sum, { writes }) => sum + writes.length, -refused.size);
    let at = 0;
    for (const { writes, resolve, reject } of batch) {
      const index = writes.findIndex((_, offset) => refused.has(at + offset));
      const reason = `the database refused ${writes[index]?.name}: ${refused.get(at + index)}`;
      at += writes.length;
      if (index < 0) resolve();
      else reject(new SipwardenError('STORE_REFUSED', reason));
    }
  };

  const fail = (error: unknown) => {
    counted.failedTries += 1;
    for (const entry of entries) entry.reject(error);
    onFailing(error, entries.length);
    if (isClosed) return;
    retry = setTimeout(flush, pauseMs);
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  };

  const writeAll = async () => {
    // What arrives in the same turn of the event loop belongs to the first transaction.
    await Promise.resolve();
    try {
      while (entries.length > 0) {
        const batch = entries.slice(0, batchLimit);
        settle(batch, await commit(batch.flatMap(({ writes }) => writes)));
        pauseMs = firstPauseMs;
        onWell();
      }
    } catch (error) {
      fail(error);
    }
    running = undefined;
  };

  const flush = () => {
    retry = undefined;
    running ??= writeAll();
  };

  const refusal = (): SipwardenError | undefined => {
    if (isClosed) return new SipwardenError('STORE_CLOSED', 'the store is closed');
    if (entries.length < capacity) return undefined;
    counted.overflowed += 1;
    return new SipwardenError(
      'STORE_OVERFLOW',
      `${capacity} writes are waiting for the disk; one more was given up`,
    );
  };

  return {
    add(...writes) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      // The alarm speaks for writes that nobody waits for; an unhandled rejection would end the daemon.
      promise.catch(() => {});
      const refused = refusal();
      if (refused) reject(refused);
      else {
        entries.push({ writes, resolve, reject });
        if (!retry) flush();
      }
      return promise;
    },
    async close() {
      isClosed = true;
      clearTimeout(retry);
      await running;
      if (entries.length > 0) await writeAll();
      return entries.length;
    },
    counters: () => ({ waiting: entries.length, ...counted }),
  };
}
