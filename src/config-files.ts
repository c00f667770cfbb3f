// Finds, reads and joins the configuration files, and remembers which file said what. Checks nothing but the syntax.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { messageOf } from './model/error.ts';

export interface ConfigFiles {
  /** Every file that was read, in the order in which they were joined. */
  readonly files: readonly string[];
  /** Where a changed or a new file would be. */
  readonly directories: readonly string[];
  /** All files joined: tables are merged, anything else is replaced by the later file. */
  readonly values: RawTable;
  readonly problems: readonly string[];
  /** The file or files that said what stands at a path, or at the nearest table above it. */
  sourceOf(path: readonly PropertyKey[]): string;
}

export type RawTable = { [key: string]: unknown };

/** Reads `path`, which may be missing where `isOptional`, and then conf.d/*.toml beside it, sorted by name. */
export function readConfigFiles(path: string, isOptional: boolean): ConfigFiles {
  const dropIns = join(dirname(path), 'conf.d');
  const values: RawTable = Object.create(null);
  const origins = new Map<string, Set<string>>([[keyOf([]), new Set([path])]]);
  const files: string[] = [];
  const problems: string[] = [];
  for (const file of [path, ...listTomlFiles(dropIns, problems)]) {
    const table = readToml(file, isOptional && file === path, problems);
    if (!table) continue;
    files.push(file);
    merge(values, table, file, [], origins);
  }
  return {
    files,
    directories: [dirname(path), dropIns],
    values,
    problems,
    sourceOf: (at) => originOf(origins, at.map(String)),
  };
}

/** Sorted by name; none where there is no such directory. */
export function listTomlFiles(directory: string, problems: string[]): string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith('.toml') && !name.startsWith('.'));
    return names.sort().map((name) => join(directory, name));
  } catch (error) {
    if (!isMissing(error)) problems.push(`${directory}: cannot be read: ${messageOf(error)}`);
    return [];
  }
}

/** Undefined, and why in `problems`, where it cannot be read; missing is no problem where it `isOptional`. */
export function readToml(file: string, isOptional: boolean, problems: string[]): RawTable | undefined {
  try {
    return parse(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)));
  } catch (error) {
    if (isOptional && isMissing(error)) return undefined;
    problems.push(`${file}${saidBy(error)}`);
    return undefined;
  }
}

/** Only the first line of what the parser says: the rest repeats the file's text, and that may be a secret. */
function saidBy(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return ': there is no such file';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return ': is not UTF-8 text';
  if (!(error instanceof TomlError)) return `: cannot be read: ${messageOf(error)}`;
  const reason = error.message.split('\n')[0]?.replace('Invalid TOML document: ', '');
  return `:${error.line}:${error.column}: not valid TOML: ${reason}`;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function merge(
  into: RawTable,
  from: RawTable,
  file: string,
  at: readonly string[],
  origins: Map<string, Set<string>>,
): void {
  for (const [key, value] of Object.entries(from)) {
    const path = [...at, key];
    const before = origins.get(keyOf(path));
    if (!isTable(value)) {
      into[key] = value;
      origins.set(keyOf(path), new Set([file]));
      continue;
    }
    const isJoined = isTable(into[key]);
    const table: RawTable = isJoined ? (into[key] as RawTable) : Object.create(null);
    into[key] = table;
    origins.set(keyOf(path), new Set([...(isJoined && before ? before : []), file]));
    merge(table, value, file, path, origins);
  }
}

function originOf(origins: Map<string, Set<string>>, path: readonly string[]): string {
  const files = origins.get(keyOf(path));
  return files ? [...files].join(', ') : originOf(origins, path.slice(0, -1));
}

function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}

function isTable(value: unknown): value is RawTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
