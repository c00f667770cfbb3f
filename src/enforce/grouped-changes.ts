// Changes that are asked for while others are under way go together into the next command: each command costs as much
// as many changes. Where a group fails, each of its changes is tried alone. Changes are taken in the order of asking.
import { codeOf } from '../model/error.ts';

export interface GroupedChanges<Change> {
  /** Resolves when the kernel has taken it; rejects with what `commit` says of it alone. */
  change(change: Change): Promise<void>;
  /** Carries out a task between two groups. */
  between<Result>(task: () => Promise<Result>): Promise<Result>;
}

interface Waiting<Change> {
  readonly change: Change;
  resolve(): void;
  reject(error: unknown): void;
}

/** `commit` may be given a change again after it failed in a group. */
export function createGroupedChanges<Change>({
  commit,
  mostInOne,
}: {
  readonly commit: (changes: readonly Change[]) => Promise<unknown>;
  readonly mostInOne: number;
}): GroupedChanges<Change> {
  const waiting: Waiting<Change>[] = [];
  let turn: Promise<unknown> = Promise.resolve();

  const between = <Result>(task: () => Promise<Result>): Promise<Result> => {
    const done = turn.then(task);
    turn = done.catch(() => {});
    return done;
  };
  const commitAlone = ({ change, resolve, reject }: Waiting<Change>) =>
    commit([change]).then(() => resolve(), reject);

  const commitWaiting = async () => {
    const group = waiting.splice(0, mostInOne);
    if (waiting.length > 0) void between(commitWaiting);
    if (group.length === 1) return commitAlone(group[0]!);
    try {
      await commit(group.map(({ change }) => change));
      for (const { resolve } of group) resolve();
    } catch (error) {
      if (isOfChild(error)) for (const { reject } of group) reject(error);
      else for (const each of group) await commitAlone(each);
    }
  };

  return {
    between,
    change: (change) =>
      new Promise((resolve, reject) => {
        if (waiting.push({ change, resolve, reject }) === 1) void between(commitWaiting);
      }),
  };
}

/** Whatever was asked for would fail in the same way. */
function isOfChild(error: unknown): boolean {
  const codes = ['FIREWALL_TIMEOUT', 'FIREWALL_CHILD_EXITED', 'FIREWALL_NOT_PREPARED'];
  return codes.includes(codeOf(error) ?? '');
}
