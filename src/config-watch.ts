// Applies a changed configuration while the daemon runs: whole, or not at all. A wrong one keeps the old settings.
import { type FSWatcher, watch } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { LoadedConfig } from './config.ts';

/** Editors write a file in several steps; the last one counts. Milliseconds. */
const settleMs = 100;

export interface ConfigWatchParts {
  /** What is in force now. */
  readonly initial: LoadedConfig;
  /** Reads and checks the files; throws CONFIG_INVALID. */
  readonly load: () => LoadedConfig;
  /** Puts new settings in force, or throws and leaves the old ones. Not called where the settings are the same. */
  readonly onChange: (loaded: LoadedConfig) => void | Promise<void>;
  /** The new settings are not in force; why. */
  readonly onRefused: (error: unknown) => void;
}

export interface ConfigWatch {
  /** For SIGHUP and `sipwarden reload`. Resolves to what is in force; rejects with the reason where that is still the old. */
  reload(): Promise<LoadedConfig>;
  close(): void;
}

export function watchConfig({ initial, load, onChange, onRefused }: ConfigWatchParts): ConfigWatch {
  let current = initial;
  let watchers: FSWatcher[] = [];
  let settling: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();

  const apply = async (): Promise<LoadedConfig> => {
    try {
      const loaded = load();
      if (!isDeepStrictEqual(loaded.config, current.config)) await onChange(loaded);
      current = loaded;
      return loaded;
    } catch (error) {
      onRefused(error);
      throw error;
    } finally {
      watchDirectories();
    }
  };

  /** One after the other, so that what was asked for last is in force in the end. */
  const reload = (): Promise<LoadedConfig> => {
    const next = running.then(apply);
    running = next.catch(() => {});
    return next;
  };

  const onEvent = () => {
    clearTimeout(settling);
    settling = setTimeout(() => void reload().catch(() => {}), settleMs);
  };

  /** Anew after each event: conf.d may have come or gone. Directories, because editors replace files. */
  const watchDirectories = () => {
    const before = watchers;
    watchers = current.directories.flatMap((directory) => tryWatch(directory, onEvent));
    for (const watcher of before) watcher.close();
  };

  watchDirectories();
  return {
    reload,
    close() {
      clearTimeout(settling);
      for (const watcher of watchers) watcher.close();
      current = { ...current, directories: [] };
    },
  };
}

/** A directory that is not there (all is default) is not watched; reload() looks for it again. */
function tryWatch(directory: string, onEvent: () => void): FSWatcher[] {
  try {
    return [watch(directory, { persistent: false }, onEvent).on('error', onEvent)];
  } catch {
    return [];
  }
}
