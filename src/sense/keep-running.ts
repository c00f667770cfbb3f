// Keeps programs of ours running: again and again, with pauses that grow while they fail.
import { setTimeout as delay } from 'node:timers/promises';
import type { Time } from '../model/time.ts';
import type { Ending } from './capture-ending.ts';

export interface KeptRunning {
  /** One life: how it ended, or undefined where we asked for its end, to begin anew at once. */
  run(onLive: () => void): Promise<Ending | undefined>;
  onLive(): void;
  onEnded(ending: Ending | undefined): void;
  readonly signal: AbortSignal;
  readonly now: () => Time;
}

const firstPauseMs = 200;
const longestPauseMs = 15_000;
/** What was live for this long is well: after it, pauses grow from the first again. */
const settledAfterMs = 30_000;

export interface Running {
  /** It was live, or has failed, for the first time. */
  readonly tried: Promise<void>;
  /** `signal` was aborted, and the last life is over. */
  readonly over: Promise<void>;
}

export function keepRunning(kept: KeptRunning): Running {
  const { promise: tried, resolve: onTried } = Promise.withResolvers<void>();
  const over = live({
    ...kept,
    onLive() {
      kept.onLive();
      onTried();
    },
    onEnded(ending) {
      kept.onEnded(ending);
      if (ending) onTried();
    },
  }).then(onTried);
  return { tried, over };
}

async function live({ run, onLive, onEnded, signal, now }: KeptRunning): Promise<void> {
  let pauseMs = firstPauseMs;
  while (!signal.aborted) {
    let liveSince: Time | undefined;
    const ending = await run(() => {
      liveSince = now();
      onLive();
    });
    if (signal.aborted) return;
    onEnded(ending);
    if (!ending) continue;
    if (liveSince !== undefined && now() - liveSince >= settledAfterMs) pauseMs = firstPauseMs;
    await pause(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

/** About `ms`, so that many machines do not come back in step; shorter where it is interrupted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {});
}
