// Applies a changed configuration while the daemon runs: whole, or not at all. A wrong one keeps the old settings.
import { isDeepStrictEqual } from 'node:util';
import type { LoadedConfig } from './config.ts';
import { createDirectoryWatch } from './lib/directory-watch.ts';

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
      directories.watch(current.directories);
    }
  };

  /** One after the other, so that what was asked for last is in force in the end. */
  const reload = (): Promise<LoadedConfig> => {
    const next = running.then(apply);
    running = next.catch(() => {});
    return next;
  };

  // conf.d may come or go, and editors replace files. A directory that is not there (all is default) is looked for again
  // by reload().
  const directories = createDirectoryWatch(() => void reload().catch(() => {}));
  directories.watch(current.directories);
  return { reload, close: directories.close };
}
