// A list of file changes: described for a person before anything is touched, then made so that each file is either the
// old or the new one. Texts are bytes (latin1), so that what is not changed stays as it was.
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, SipwardenError } from '../model/error.ts';
import { unifiedDiff } from './unified-diff.ts';

export interface FileChange {
  readonly path: string;
  /** Undefined where there is no such file. */
  readonly before: string | undefined;
  /** Undefined where it is to go. */
  readonly after: string | undefined;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Described in one line: its text is that of another file. */
  readonly isBackup?: boolean;
  /** A command of Asterisk's console that has it read the change, before the next file is touched. */
  readonly reload?: string;
}

export interface Plan {
  readonly changes: readonly FileChange[];
  /** What a person should know or do besides. */
  readonly notes: readonly string[];
}

export interface StoredFile {
  readonly text: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Undefined where there is no such file; other failures are thrown as SETUP_UNREADABLE. */
export async function readStoredFile(path: string): Promise<StoredFile | undefined> {
  try {
    await using file = await open(path, 'r');
    const { mode, uid, gid } = await file.stat();
    return { text: await file.readFile('latin1'), mode: mode & 0o7777, uid, gid };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SipwardenError('SETUP_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, {
      hint: 'run it as root',
      cause: error,
    });
  }
}

/** For a person: a unified diff with every secret masked, then the notes. */
export function describePlan({ changes, notes }: Plan): string {
  const parts = changes.map(describeChange);
  if (changes.length === 0) parts.push('Nothing to do.\n');
  return [...parts, ...notes.map((note) => `Note: ${note}\n`)].join('');
}

/**
 * All new texts are on the disk before the first file is replaced; then one file after the other, in the order of the plan.
 * Throws SETUP_WRITE_FAILED.
 */
export async function applyPlan(
  { changes }: Plan,
  reload: (command: string) => Promise<unknown> = async () => undefined,
): Promise<void> {
  const written = new Map<FileChange, string>();
  let path = '';
  try {
    for (const change of changes) {
      path = change.path;
      if (change.after !== undefined) written.set(change, await writeBeside(change, change.after));
    }
    for (const change of changes) {
      path = change.path;
      const text = written.get(change);
      if (text === undefined) await removeFile(path);
      else await rename(text, path);
      if (change.reload !== undefined) await reload(change.reload);
    }
  } catch (error) {
    for (const text of written.values()) await removeFile(text);
    throw new SipwardenError('SETUP_WRITE_FAILED', `cannot write ${path}: ${messageOf(error)}`, {
      hint: 'run it as root; what was not replaced yet is as it was',
      cause: error,
    });
  }
}

async function writeBeside({ path, mode, uid, gid }: FileChange, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  // Not *.conf, so that an include of a whole directory never reads it.
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  await using file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text, 'latin1');
    const now = await file.stat();
    if (now.uid !== uid || now.gid !== gid) await file.chown(uid, gid);
    await file.chmod(mode);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return temporary;
}

/** And its directory, where that is empty now. */
async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
  await rmdir(dirname(path)).catch(() => {});
}

function describeChange({ path, before, after, mode, isBackup }: FileChange): string {
  if (isBackup) return `${after === undefined ? 'Remove the backup' : 'Keep a backup as'} ${path}\n`;
  const octal = `mode 0${mode.toString(8)}`;
  const heading = before === undefined ? `New file ${path}, ${octal}\n` : '';
  if (before !== undefined && before === after) return `${path}: ${octal}\n`;
  return heading + maskSecrets(unifiedDiff(path, asUtf8(before), asUtf8(after)));
}

function maskSecrets(diff: string): string {
  return diff.replace(
    /^([ +-]\s*(?:secret|md5secret|events|actions|password|capture_password)\s*=>?\s*).+$/gim,
    '$1********',
  );
}

function asUtf8(bytes: string | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes, 'latin1').toString();
}
