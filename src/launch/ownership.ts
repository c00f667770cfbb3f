// Hands files and folders over to the daemon's user, as root. The folders may be in a stranger's hands by then: nothing
// is reached through a symbolic or a second hard link, and what is not ours by name stays whose it is.
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
} from 'node:fs';
import { dirname } from 'node:path';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const fileFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Makes the folder where it is missing. One that is there changes hands only where nothing but `ours` is in it, or where
 * it is the owner's already; what is ours in it then does too. False where it stays as it is.
 */
export function handOverFolder(
  path: string,
  { uid, gid, mode }: Owner,
  ours: (name: string) => boolean,
): boolean {
  whereAllowed(() => mkdirSync(dirname(path), { recursive: true, mode: 0o755 }));
  whereAllowed(() => mkdirSync(path, { mode }));
  const isHandedOver = withFile(path, folderFlags, (folder) => {
    const inside = `/proc/self/fd/${folder}`;
    const names = readdirSync(inside);
    if (fstatSync(folder).uid !== uid && !names.every(ours)) return false;
    fchownSync(folder, uid, gid);
    fchmodSync(folder, mode);
    for (const name of names.filter(ours)) {
      withFile(`${inside}/${name}`, fileFlags, (file) => {
        if (isSingleFile(file)) fchownSync(file, uid, gid);
      });
    }
    return true;
  });
  return isHandedOver ?? false;
}

/** Lets the group read a file of root's that nobody else was given yet; makes it first where `isMade`. */
export function shareWithGroup(path: string, gid: number, { isMade = false } = {}): void {
  withFile(path, fileFlags | (isMade ? constants.O_CREAT : 0), (file) => {
    const found = fstatSync(file);
    if (!isSingleFile(file) || found.uid !== 0 || found.mode & 0o007) return;
    if (found.gid !== 0 && found.mode & 0o070) return;
    fchownSync(file, 0, gid);
    fchmodSync(file, 0o640);
  });
}

function isSingleFile(file: number): boolean {
  const found = fstatSync(file);
  return found.isFile() && found.nlink === 1;
}

/** Undefined where it cannot be opened: a symbolic link, a socket, something of another kind. */
function withFile<Result>(path: string, flags: number, use: (descriptor: number) => Result) {
  const descriptor = whereAllowed(() => openSync(path, flags, 0o600));
  if (descriptor === undefined) return undefined;
  try {
    return whereAllowed(() => use(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

/** Undefined where the system refuses: whoever needs the file says so. */
function whereAllowed<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}
