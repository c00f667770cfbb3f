// A database in its file, read again whenever the file is replaced. What was read well stays until something better is.
import { constants, existsSync, realpathSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { createDirectoryWatch } from '../lib/directory-watch.ts';
import { messageOf, SipwardenError } from '../model/error.ts';
import { type Database, readDatabase } from './database.ts';

/** The largest that are sold are half as big. Bytes. */
const largest = 1024 ** 3;

export interface DatabaseFile<Value> {
  readonly path: string;
  /** What was read well last. */
  database(): Database<Value> | undefined;
  /** What is wrong with the file as it is now: GEOIP_MISSING or GEOIP_UNUSABLE. */
  problem(): SipwardenError | undefined;
  close(): void;
}

/** Resolves when it was read, or could not be. `onRead` each time that there is something new to say, the first too. */
export async function watchDatabaseFile<Value>(
  path: string,
  record: z.ZodType<Value>,
  onRead: () => void,
): Promise<DatabaseFile<Value>> {
  let database: Database<Value> | undefined;
  let problem: SipwardenError | undefined;
  let lastRead: string | undefined;

  /** False where the file is the one that was read last. */
  const read = async (): Promise<boolean> => {
    try {
      const file = await readUnlessSame(path, lastRead);
      if (!file) return false;
      lastRead = file.version;
      database = readDatabase(file.bytes, record);
      problem = undefined;
    } catch (error) {
      problem = problemOf(path, error);
      if (problem.code === 'GEOIP_MISSING') lastRead = undefined;
    }
    return true;
  };
  let reading = Promise.resolve();
  /** One after the other, so that the last one counts. */
  const readNext = (): Promise<void> => {
    directories.watch(directoriesOf(path));
    reading = reading.then(async () => {
      if (await read()) onRead();
    });
    return reading;
  };
  const directories = createDirectoryWatch(() => void readNext());
  await readNext();
  return { path, database: () => database, problem: () => problem, close: directories.close };
}

/** Rejects where there is none that can be read. */
async function readUnlessSame(path: string, version: string | undefined) {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await versionOf(handle);
    return found === version ? undefined : { version: found, bytes: await handle.readFile() };
  } finally {
    await handle.close();
  }
}

/** Asked before it is read: a change during the reading makes another one. */
async function versionOf(handle: FileHandle): Promise<string> {
  const stat = await handle.stat({ bigint: true });
  if (!stat.isFile()) throw new SipwardenError('GEOIP_UNUSABLE', 'is no file', { hint: 'name a .mmdb file' });
  if (stat.size > largest)
    throw new SipwardenError('GEOIP_UNUSABLE', 'is larger than 1 GiB', { hint: 'name a smaller database' });
  return [stat.ino, stat.size, stat.mtimeNs].join(' ');
}

/** Where the file is or would be, a link's end too; of a directory that is not there, the nearest one above it. */
function directoriesOf(path: string): readonly string[] {
  const nearest = (directory: string): string =>
    existsSync(directory) ? directory : nearest(dirname(directory));
  return [...new Set([path, realPathOf(path)].map((each) => nearest(dirname(each))))];
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function problemOf(path: string, cause: unknown): SipwardenError {
  if (cause instanceof SipwardenError) {
    const hint = cause.hint ?? '';
    return new SipwardenError(cause.code, `${path} ${cause.message}`, { hint, cause });
  }
  const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  if (isMissing) {
    const hint = 'put a database there, or name another one in [geoip]; it is read at once';
    return new SipwardenError('GEOIP_MISSING', `${path} is not there`, { hint, cause });
  }
  const hint = 'let the user of [daemon] read it';
  return new SipwardenError('GEOIP_UNUSABLE', `${path} cannot be read: ${messageOf(cause)}`, { hint, cause });
}
