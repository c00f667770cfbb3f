// When the firewall is looked at: soon after somebody may have changed it, and fully once a minute. Two programs that undo
// each other's work must not keep the machine busy, so each look waits longer than the one before it, until it is calm.
import type { Enforcer, Touched } from '../model/enforcer.ts';
import type { Reconciler } from './reconciler.ts';

/** From a change to the look at it. The longest: where looks find nothing, and where others undo our repairs. */
const pauseMs = { first: 250, longest: 1_000, longestInDispute: 16_000 } as const;
/** After so long without a change the next one is looked at at once. */
const calmMs = 30_000;
export const compareEveryMs = 60_000;

export interface FirewallWatchParts {
  readonly enforcer: Pick<Enforcer, 'watch'>;
  readonly reconciler: Pick<Reconciler, 'repair'>;
}

/** Returns what ends it. */
export function watchFirewall({ enforcer, reconciler }: FirewallWatchParts): () => void {
  let pause: number = pauseMs.first;
  let wanted: Touched | undefined;
  let isLooking = false;
  let isStopped = false;
  let next: NodeJS.Timeout | undefined;
  let calm: NodeJS.Timeout | undefined;

  const look = async () => {
    const touched = wanted;
    wanted = undefined;
    isLooking = true;
    const damage = await reconciler.repair(touched);
    isLooking = false;
    next = undefined;
    if (isStopped) return;
    pause = Math.min(2 * pause, damage.length > 0 ? pauseMs.longestInDispute : pauseMs.longest);
    clearTimeout(calm);
    calm = setTimeout(() => {
      pause = pauseMs.first;
    }, calmMs).unref();
    if (wanted) wait();
  };
  const wait = () => {
    next ??= setTimeout(look, pause).unref();
  };
  const onChange = (touched: Touched) => {
    if (wanted !== 'members') wanted = touched;
    if (!isLooking && !isStopped) wait();
  };

  const stop = enforcer.watch(onChange);
  const compare = setInterval(() => void reconciler.repair(), compareEveryMs).unref();
  return () => {
    isStopped = true;
    stop();
    for (const timer of [next, calm, compare]) clearTimeout(timer);
  };
}
