// Runs of one piece of work, each for everybody who asked before it began: one at a time, with a pause from one to the next.

export interface GatheredRuns {
  /** Resolves or rejects with the run that begins after this. */
  ask(): Promise<void>;
  /** What was asked is run without a pause; resolves when nothing is under way. */
  finish(): Promise<void>;
}

/** From the beginning of a run to that of the next at least `pauseMs`. */
export function createGatheredRuns(run: () => Promise<void>, pauseMs: number): GatheredRuns {
  let next: { readonly promise: Promise<void> } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let pause = { over: Promise.resolve(), end() {} };

  const begin = async (before: Promise<unknown>) => {
    await before;
    await pause.over;
    next = undefined;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, pauseMs);
    pause = {
      over,
      end() {
        clearTimeout(timer);
        resolve();
      },
    };
    await run();
  };
  return {
    ask() {
      if (next) return next.promise;
      const promise = begin(last);
      next = { promise };
      last = promise.catch(() => undefined);
      return promise;
    },
    async finish() {
      while (next) {
        pause.end();
        await next.promise.catch(() => undefined);
      }
      await last;
      pause.end();
    },
  };
}
