// Tells that somebody logged in or out, by inotify on the directories that say so. It reads nothing itself.
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { whereThere } from './file-head.ts';
import type { HostPaths } from './host-paths.ts';

/** A login writes in several steps; one look serves all. Milliseconds. */
const settleMs = 100;

export interface HostWatch {
  /** Before each look, since directories come and go. False where the kernel lets us watch no more of them. */
  renew(): boolean;
  close(): void;
}

export function watchHost(
  { utmp, sessions }: Pick<HostPaths, 'utmp' | 'sessions'>,
  onChange: () => void,
): HostWatch {
  let watchers: FSWatcher[] = [];
  let settling: NodeJS.Timeout | undefined;

  // Not put off by the next event, so that no stream of them keeps us from looking.
  const settle = (): void => {
    settling ??= setTimeout(() => {
      settling = undefined;
      onChange();
    }, settleMs);
  };
  const onRunEvent = (_: string, name: string | null): void => {
    if (name === null || name === basename(utmp)) settle();
  };
  const open = (directory: string, onEvent: (event: string, name: string | null) => void): void => {
    const watcher = whereThere(() => watch(directory, { persistent: false }, onEvent));
    if (watcher) watchers.push(watcher.on('error', settle));
  };

  return {
    renew() {
      const before = watchers;
      watchers = [];
      try {
        // utmp's directory: the file itself may be replaced, or appear later.
        open(dirname(utmp), onRunEvent);
        open(sessions, settle);
        return true;
      } catch {
        return false;
      } finally {
        for (const watcher of before) watcher.close();
      }
    },
    close() {
      clearTimeout(settling);
      for (const watcher of watchers) watcher.close();
    },
  };
}
