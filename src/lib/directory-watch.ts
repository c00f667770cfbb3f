// Says when something in directories has changed, once the last of several steps is over.
import { type FSWatcher, watch } from 'node:fs';

/** Editors write a file in several steps; the last one counts. Milliseconds. */
const settleMs = 100;

export interface DirectoryWatch {
  /** From now on these. To be said anew after each change: what was watched may have come, gone or been replaced. */
  watch(directories: readonly string[]): void;
  close(): void;
}

export function createDirectoryWatch(onChange: () => void): DirectoryWatch {
  let watchers: FSWatcher[] = [];
  let settling: NodeJS.Timeout | undefined;
  let isClosed = false;

  const onEvent = () => {
    clearTimeout(settling);
    settling = setTimeout(onChange, settleMs);
  };
  return {
    watch(directories) {
      const before = watchers;
      watchers = isClosed ? [] : directories.flatMap((directory) => tryWatch(directory, onEvent));
      for (const watcher of before) watcher.close();
    },
    close() {
      isClosed = true;
      clearTimeout(settling);
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** A directory that is not there is not watched. */
function tryWatch(directory: string, onEvent: () => void): FSWatcher[] {
  try {
    return [watch(directory, { persistent: false }, onEvent).on('error', onEvent)];
  } catch {
    return [];
  }
}
