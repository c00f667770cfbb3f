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
 * Makes the folder where it is missing. One that is there changes hands only where nothing but `ours` is in it; its
 * files then do too. What cannot be had stays as it is: whoever needs it says so.
 */
export function handOverFolder(
  path: string,
  { uid, gid, mode }: Owner,
  ours: (name: string) => boolean,
): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    makeFolder(path, mode);
    withDescriptor(openSync(path, folderFlags), (folder) => {
      const inside = `/proc/self/fd/${folder}`;
      const names = readdirSync(inside);
      if (!names.every(ours)) return;
      fchownSync(folder, uid, gid);
      fchmodSync(folder, mode);
      for (const name of names) handOverFile(`${inside}/${name}`, uid, gid);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/** Lets the group read a file of root's that nobody else was given yet; makes it first where `isMade`. */
export function shareWithGroup(path: string, gid: number, { isMade = false } = {}): void {
  try {
    withDescriptor(openSync(path, fileFlags | (isMade ? constants.O_CREAT : 0), 0o600), (file) => {
      const found = fstatSync(file);
      if (!found.isFile() || found.nlink !== 1 || found.uid !== 0 || found.mode & 0o007) return;
      if (found.gid !== 0 && found.mode & 0o070) return;
      fchownSync(file, 0, gid);
      fchmodSync(file, 0o640);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

function handOverFile(path: string, uid: number, gid: number): void {
  try {
    withDescriptor(openSync(path, fileFlags), (file) => {
      const found = fstatSync(file);
      if (found.isFile() && found.nlink === 1) fchownSync(file, uid, gid);
    });
  } catch (error) {
    // A symbolic link, or a socket.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function withDescriptor(descriptor: number, use: (descriptor: number) => void): void {
  try {
    use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
