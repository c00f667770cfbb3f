// One part of what `sipwarden setup` makes, such as the logins: files of ours, and the smallest edits of files that are
// somebody else's. Each part says what it changes, and what undoes it.
import { type FileChange, type Plan, readStoredFile, type StoredFile } from './file-plan.ts';

export interface SetupPiece {
  /** What is still to do. All is read and checked before any file is touched. */
  plan(): Promise<Plan>;
  /** Byte for byte what was before. */
  removal(): Promise<Plan>;
  /** Commands of Asterisk's console that have it read what was changed. */
  readonly reload: readonly string[];
}

/** A file of somebody else's. */
export interface Edit {
  readonly path: string;
  /** The text of an empty file where there is none and `isOptional`. */
  edit(text: string): string;
  /** Takes out what `edit` put in, where others have changed the file since; a person does it where nothing is said. */
  undo?(text: string): string;
  readonly isOptional?: boolean;
}

const ourMark = /^[;#] Written by "sipwarden setup"/;
const secretMode = 0o640;

/** A file that is ours whole, begins with our mark, and may hold secrets. What stood in its place is kept beside it. */
export async function planOwnFile(path: string, after: string, gid: number): Promise<readonly FileChange[]> {
  const file = await readStoredFile(path);
  const rights = { mode: secretMode, uid: process.getuid?.() ?? 0, gid };
  if (file && !ourMark.test(file.text))
    return planKept(path, file, after, { ...file, gid, mode: secretMode });
  if (file?.text === after && file.mode === secretMode && file.gid === gid) return [];
  return [{ path, before: file?.text, after, ...rights }];
}

/** Nothing where the file is as it should be. */
export async function planEdit(
  { path, edit, isOptional }: Edit,
  gid: number,
): Promise<readonly FileChange[]> {
  const file = await readStoredFile(path);
  if (!file && !isOptional) return [];
  const after = edit(file?.text ?? '');
  if (after === file?.text) return [];
  if (!file) return [{ path, before: undefined, after, mode: 0o640, uid: process.getuid?.() ?? 0, gid }];
  return planKept(path, file, after);
}

/** What is ours goes, and what stood in its place comes back; unless somebody else has written it since. */
export async function planOwnFileReturn(path: string): Promise<Plan> {
  const file = await readStoredFile(path);
  const backup = await readStoredFile(backupOf(path));
  if (file && file.text !== backup?.text && !ourMark.test(file.text)) return left(path, backup);
  return { changes: [...backTo(path, file, backup), ...withoutBackup(path, backup)], notes: [] };
}

/** The file as it was before; where others have changed it since, what `edit` put in goes and the rest stays. */
export async function planEditReturn({ path, edit, undo, isOptional }: Edit): Promise<Plan> {
  const file = await readStoredFile(path);
  const backup = await readStoredFile(backupOf(path));
  const isAsLeft = backup
    ? !file || file.text === backup.text || file.text === edit(backup.text)
    : isOptional && file?.text === edit('');
  if (isAsLeft) {
    return { changes: [...backTo(path, file, backup), ...withoutBackup(path, backup)], notes: [] };
  }
  const undone = file && undo && { ...file, text: undo(file.text) };
  if (!undone) return backup ? left(path, backup) : { changes: [], notes: [] };
  if (undone.text === file.text && !backup) return { changes: [], notes: [] };
  return {
    changes: [...backTo(path, file, undone), ...withoutBackup(path, backup)],
    notes: [`${path} was changed by others since; their changes stay`],
  };
}

export function joinPlans(plans: readonly Plan[]): Plan {
  return { changes: plans.flatMap(({ changes }) => changes), notes: plans.flatMap(({ notes }) => notes) };
}

/** The first time, what the file was is kept beside it. */
async function planKept(
  path: string,
  file: StoredFile,
  after: string,
  rights = file,
): Promise<readonly FileChange[]> {
  const change = { path, before: file.text, after, ...rightsOf(rights) };
  if (await readStoredFile(backupOf(path))) return [change];
  const kept = { path: backupOf(path), before: undefined, after: file.text, ...rightsOf(file) };
  return [{ ...kept, isBackup: true }, change];
}

function backTo(
  path: string,
  file: StoredFile | undefined,
  former: StoredFile | undefined,
): readonly FileChange[] {
  if (file?.text === former?.text) return [];
  return [{ path, before: file?.text, after: former?.text, ...rightsOf(former ?? file) }];
}

function withoutBackup(path: string, backup: StoredFile | undefined): readonly FileChange[] {
  if (!backup) return [];
  const gone = { path: backupOf(path), before: backup.text, after: undefined };
  return [{ ...gone, ...rightsOf(backup), isBackup: true }];
}

function left(path: string, backup: StoredFile | undefined): Plan {
  const kept = backup ? `; what it was before is ${backupOf(path)}` : '';
  return { changes: [], notes: [`${path} is not as setup left it, and stays as it is${kept}`] };
}

function rightsOf(file: StoredFile | undefined) {
  return { mode: file?.mode ?? secretMode, uid: file?.uid ?? 0, gid: file?.gid ?? 0 };
}

function backupOf(path: string): string {
  return `${path}.sipwarden-backup`;
}
