// Keeps programs on processors of their own choosing: who shares one with whom decides what waking up costs, and is
// otherwise the scheduler's whim, for the length of a run.
import { readFileSync } from 'node:fs';

const [first = 0, ...others] = allowedProcessors(readFileSync('/proc/self/status', 'utf8'));

/** What stands before a command: on the first processor that we may use. */
export const onFirst: readonly string[] = ['taskset', '--cpu-list', String(first)];
/** On all the others; on the first where there is no other. */
export const onOthers: readonly string[] =
  others.length > 0 ? ['taskset', '--cpu-list', others.join(',')] : onFirst;

/** From the text of proc_pid_status(5), where they are listed as `0-3,8`. */
function allowedProcessors(status: string): readonly number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '0';
  return list.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}
