// Opens the database file: makes it, brings it up to date, and moves a damaged one out of the way. Runs in the worker.
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { messageOf, SipwardenError } from '../model/error.ts';
import type { Failure } from './protocol.ts';
import { migrations } from './schema.ts';
import { type StatementName, statements } from './statements.ts';

/** How long a statement waits for another process's lock. Milliseconds. */
const busyMs = 500;

/** SQLite's result codes (https://sqlite.org/rescode.html), the low byte. */
const result = {
  error: 1,
  busy: 5,
  locked: 6,
  ioError: 10,
  corrupt: 11,
  full: 13,
  constraint: 19,
  mismatch: 20,
  notADatabase: 26,
};

export interface OpenedDatabase {
  readonly database: DatabaseSync;
  readonly prepared: Readonly<Record<StatementName, StatementSync>>;
  /** Where the damaged file went, if it was one. */
  readonly movedAside: string | undefined;
}

/** Throws only where no database can be had at this path: then `failureOf` says why. */
export function openDatabase(path: string, time: number): OpenedDatabase {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    return { ...openExisting(path), movedAside: undefined };
  } catch (error) {
    if (isOnFullDisk(error)) return { ...openExisting(path, 'EXCLUSIVE'), movedAside: undefined };
    if (!isDamage(error)) throw error;
    const movedAside = moveAside(path, time);
    return { ...openExisting(path), movedAside };
  }
}

/** Opened exclusively, SQLite keeps its index of the log in memory; else that is a file, and a full disk has no room. */
function openExisting(
  path: string,
  locking: 'NORMAL' | 'EXCLUSIVE' = 'NORMAL',
): Omit<OpenedDatabase, 'movedAside'> {
  createPrivately(path);
  const database = new DatabaseSync(path, { timeout: busyMs });
  try {
    database.exec(`
      PRAGMA locking_mode = ${locking};
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA journal_size_limit = 16777216;
    `);
    refuseDamage(database);
    migrate(database);
    return { database, prepared: prepareAll(database) };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite gives its side files the mode of this one. The directory is synced, so that a power cut keeps the name too. */
function createPrivately(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}

function refuseDamage(database: DatabaseSync): void {
  const found = database.prepare('PRAGMA quick_check(1)').get()?.quick_check;
  if (found !== 'ok') throw new SipwardenError('STORE_CORRUPT', `the database is damaged: ${found}`);
}

function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version > migrations.length) {
    throw new SipwardenError(
      'STORE_NEWER',
      `the database was written by a newer sipwarden (format ${version})`,
      {
        hint: 'install that version again, or move the database away',
      },
    );
  }
  for (const [index, step] of migrations.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}

/** All at once, so that a file with other tables than ours shows itself now and not at the first ban. */
function prepareAll(database: DatabaseSync): Record<StatementName, StatementSync> {
  const entries = Object.entries(statements).map(([name, text]) => [name, database.prepare(text)]);
  return Object.fromEntries(entries);
}

function moveAside(path: string, time: number): string {
  const aside = `${path}.corrupt-${new Date(time).toISOString().replaceAll(':', '')}`;
  renameSync(path, aside);
  for (const side of ['-wal', '-shm']) {
    rmSync(`${aside}${side}`, { force: true });
    try {
      renameSync(`${path}${side}`, `${aside}${side}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return aside;
}

/** True where the fault is the write itself: it would be refused again, while others beside it are accepted. */
export function isRefusal(error: unknown): boolean {
  const code = resultCode(error);
  if (code === undefined) return error instanceof TypeError;
  return code === result.constraint || code === result.mismatch;
}

/** True where the file is no sound database of ours; other faults (full, locked, unreadable) may pass. */
function isDamage(error: unknown): boolean {
  if (error instanceof SipwardenError) return error.code === 'STORE_CORRUPT';
  const code = resultCode(error);
  return code === result.corrupt || code === result.notADatabase || code === result.error;
}

function isOnFullDisk(error: unknown): boolean {
  const code = resultCode(error);
  return code === result.ioError || code === result.full;
}

export function failureOf(error: unknown): Failure {
  const message = messageOf(error);
  if (error instanceof SipwardenError) return { code: error.code, message, hint: error.hint ?? '' };
  switch (resultCode(error)) {
    case result.full:
      return {
        code: 'STORE_FULL',
        message: 'the disk is full',
        hint: 'make room on the disk of the database',
      };
    case result.busy:
    case result.locked:
      return {
        code: 'STORE_LOCKED',
        message: 'another program holds the database locked',
        hint: 'close whatever else has the database open',
      };
    case result.corrupt:
    case result.notADatabase:
      return { code: 'STORE_CORRUPT', message, hint: 'the file is moved aside and a new one is made' };
    default:
      return {
        code: 'STORE_IO',
        message,
        hint: 'look at the directory of the database: its disk, owner and mode',
      };
  }
}

function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}
