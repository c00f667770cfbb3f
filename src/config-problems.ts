// Says what is wrong with a configuration so that a person can put it right. The value of a secret is never shown.
import type { z } from 'zod';
import type { ConfigFiles } from './config-files.ts';
import { type ConfigOption, type ConfigTable, findOption } from './config-options.ts';

/** What was said, and by which file. */
type Said = Pick<ConfigFiles, 'values' | 'sourceOf'>;

const shownLength = 60;

export function describeProblems(error: z.ZodError, files: Said, root: ConfigTable): string[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => describeUnknownKey([...issue.path, key], files, root))
      : [describeValue(issue, files, root)],
  );
}

function describeUnknownKey(path: readonly PropertyKey[], files: Said, root: ConfigTable): string {
  const table = findOption(root, path.slice(0, -1));
  const guess =
    'tables' in table ? nearestTo(String(path.at(-1)), path.slice(0, -1), table, root) : undefined;
  return `${files.sourceOf(path)}: ${nameOf(path)}: there is no such option${guess ? `; did you mean ${guess}?` : ''}`;
}

function describeValue(issue: z.core.$ZodIssue, files: Said, root: ConfigTable): string {
  const option = findOption(root, issue.path);
  const value = valueAt(files.values, issue.path);
  const isHidden = 'takes' in option ? isSecret(option) : typeof value === 'object';
  const isSaid =
    issue.message.startsWith('expected ') || issue.code === 'custom' || issue.code === 'invalid_format';
  const right = isSaid ? issue.message : `expected ${'takes' in option ? option.takes : 'a table'}`;
  return `${files.sourceOf(issue.path)}: ${nameOf(issue.path)}${isHidden && value !== undefined ? '' : shown(value)}: ${right}`;
}

function isSecret(option: ConfigOption): boolean {
  return option.isSecret || /secret|password|token/i.test(option.name);
}

function shown(value: unknown): string {
  if (value === undefined) return ' is missing';
  const text = JSON.stringify(value);
  return ` = ${text.length > shownLength ? `${text.slice(0, shownLength)}…` : text}`;
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], values);
}

/** As it would be written in the file: `detect.registration-bruteforce.hit_count`. */
export function nameOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the whole configuration';
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : quoteKey(String(key))))
    .join('.')
    .replaceAll('.[', '[');
}

function quoteKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key.slice(0, shownLength));
}

/** A key of the same table that is spelt nearly so, or one of this very name that belongs to another table. */
function nearestTo(
  key: string,
  at: readonly PropertyKey[],
  table: ConfigTable,
  root: ConfigTable,
): string | undefined {
  const written = key.toLowerCase().slice(0, shownLength);
  const [nearest] = [...table.options, ...table.tables]
    .map(({ name }) => ({ name, distance: editDistance(written, name) }))
    .filter(({ name, distance }) => distance <= Math.max(2, name.length / 3))
    .sort((one, other) => one.distance - other.distance);
  return nearest ? nameOf([...at, nearest.name]) : elsewhere(written, root, []);
}

function elsewhere(key: string, table: ConfigTable, at: readonly string[]): string | undefined {
  if ([...table.options, ...table.tables].some(({ name }) => name === key)) return nameOf([...at, key]);
  for (const inner of table.tables) {
    const found = elsewhere(key, inner, [...at, inner.name]);
    if (found) return found;
  }
  return undefined;
}

/** Levenshtein's distance: how many letters to change, add or take away. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const change = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}
