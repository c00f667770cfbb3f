// How the command line writes what it was told: tables for people, JSON for programs. Data to standard output, talk to
// standard error. Text that a stranger wrote is quoted, and never moves the cursor.
import { stripVTControlCharacters, styleText } from 'node:util';

export interface Output {
  out(text: string): void;
  talk(text: string): void;
  readonly isTerminal: boolean;
}

export const terminal: Output = {
  out: (text) => void process.stdout.write(`${text}\n`),
  talk: (text) => void process.stderr.write(`${text}\n`),
  isTerminal: process.stderr.isTTY === true,
};

/** Columns padded to their widest cell; `nothing` stands for an empty table. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  nothing: string,
): string {
  if (rows.length === 0) return nothing;
  const cells = rows.map((row) => row.map(plain));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [styleText('bold', line(headings)), ...cells.map(line)].join('\n');
}

/** One line without anything that a terminal would act upon, at most 200 characters. */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
    .slice(0, 200);
}

/** A stranger's text. */
export function quoted(text: string): string {
  return JSON.stringify(plain(text));
}

/** `2026-11-23 09:26:37`, in UTC as in every log of ours. */
export function clock(time: number | undefined): string {
  return time === undefined ? 'for good' : `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** Points in time as ISO 8601 under the keys that hold one. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (key, member: unknown) =>
      typeof member === 'number' && isTimeKey(key) ? new Date(member).toISOString() : member,
    2,
  );
}

function isTimeKey(key: string): boolean {
  return key === 'until' || key === 'since' || key === 'time' || /(Time|At|Seen|Since)$/.test(key);
}
