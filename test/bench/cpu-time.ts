// How much of a processor some processes used, user and system together, over all their threads.
import { readdirSync, readFileSync } from 'node:fs';
import { waitFor } from '../wait-for.ts';

/** Milliseconds since they started, to the microsecond (proc(5) counts in steps of 10 ms elsewhere). */
function cpuMs(pids: readonly number[]): number {
  const threads = pids.flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`).map((id) => `/proc/${pid}/task/${id}`),
  );
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

const quietPolls = 5;
const quietMs = 0.5;

/** Resolves when they have worked off what they had, with what they used until then, in milliseconds. */
export function cpuMsWhenIdle(pids: readonly number[]): Promise<number> {
  let before = 0;
  let quiet = 0;
  return waitFor('the processes have nothing left to do', () => {
    const now = cpuMs(pids);
    quiet = now - before < quietMs ? quiet + 1 : 0;
    before = now;
    return quiet === quietPolls ? now : undefined;
  });
}
