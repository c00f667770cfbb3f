// A copy of some texts in Asterisk's own database, where its command line lists them ("database show sipwarden/ban"). It is
// written anew whenever Asterisk is heard again; then only what changes is written, gathered.
import type { AmiActions } from './ami-actions.ts';

export interface DatabaseMirror {
  /** The text is made when it is written. */
  put(key: string, text: () => string): void;
  remove(key: string): void;
  /** The actions login is live, or is so no more. */
  connect(actions: AmiActions | undefined): void;
  stop(): void;
}

const family = 'sipwarden';
const settleMs = 1_000;
const retryMs = 10_000;

/** Whoever uses it bounds the number of keys; `trees` are their first parts. */
export function createDatabaseMirror(trees: readonly string[]): DatabaseMirror {
  const wanted = new Map<string, () => string>();
  /** What Asterisk has or may have. */
  const written = new Map<string, string>();
  const changed = new Set<string>();
  let actions: AmiActions | undefined;
  let isAnew = true;
  let isWriting = false;
  let timer: NodeJS.Timeout | undefined;

  const schedule = (ms: number): void => {
    if (actions && !isWriting) timer ??= setTimeout(() => void write(), ms).unref();
  };
  const begin = async (live: AmiActions): Promise<void> => {
    for (const tree of trees) await live.action('DBDelTree', { Family: family, Key: tree });
    written.clear();
    changed.clear();
    for (const key of wanted.keys()) changed.add(key);
    isAnew = false;
  };
  const writeOne = async (live: AmiActions, key: string): Promise<void> => {
    const value = wanted.get(key)?.();
    changed.delete(key);
    if (written.get(key) === value) return;
    if (value === undefined) written.delete(key);
    else written.set(key, value);
    const place = { Family: family, Key: key };
    await (value === undefined
      ? live.action('DBDel', place)
      : live.action('DBPut', { ...place, Val: value }));
  };
  const write = async (): Promise<void> => {
    timer = undefined;
    const live = actions;
    if (!live) return;
    isWriting = true;
    let waitMs = settleMs;
    try {
      if (isAnew) await begin(live);
      for (const key of [...changed]) if (changed.has(key)) await writeOne(live, key);
    } catch {
      // Written or not: nobody knows.
      isAnew = true;
      waitMs = retryMs;
    }
    isWriting = false;
    if (isAnew || changed.size > 0) schedule(waitMs);
  };
  return {
    put(key, text) {
      wanted.set(key, text);
      changed.add(key);
      schedule(settleMs);
    },
    remove(key) {
      if (!wanted.delete(key)) return;
      if (written.has(key)) changed.add(key);
      else changed.delete(key);
      schedule(settleMs);
    },
    connect(live) {
      actions = live;
      isAnew = true;
      clearTimeout(timer);
      timer = undefined;
      schedule(0);
    },
    stop() {
      actions = undefined;
      clearTimeout(timer);
    },
  };
}
