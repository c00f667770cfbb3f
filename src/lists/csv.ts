// Lists as CSV (RFC 4180), as a spreadsheet reads and writes them. What is written reads back to the same list.
import { setImmediate } from 'node:timers/promises';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import type { ListEntry } from '../model/list-entry.ts';
import { isoTime, type Time } from '../model/time.ts';
import { type CellTexts, type ListRow, readRow } from './list-row.ts';

const columns = ['target', 'note', 'author', 'time', 'until'] as const;
type Column = (typeof columns)[number];

const header: Readonly<Record<Column, string>> = {
  target: 'address',
  note: 'note',
  author: 'author',
  time: 'time',
  until: 'until',
};
/** What other programs call a column. */
const aliases: Readonly<Record<string, Column | undefined>> = {
  ...Object.fromEntries(columns.map((column) => [header[column], column])),
  target: 'target',
  ip: 'target',
  'ip address': 'target',
  network: 'target',
  cidr: 'target',
  comment: 'note',
  description: 'note',
  reason: 'note',
  by: 'author',
  since: 'time',
  expires: 'until',
  expiration: 'until',
};

/** Read between two turns of the event loop: no ban waits for a long file. Characters. */
const atOnce = 65_536;
/** Of one record. Characters. */
const longestRecord = 4_096;

export function writeCsv(entries: readonly ListEntry[]): string {
  const rows = entries.map(({ target, note, author, time, until }) => [
    target,
    neutral(note),
    neutral(author),
    isoTime(time),
    until === undefined ? '' : isoTime(until),
  ]);
  return stringify([columns.map((column) => header[column]), ...rows], { record_delimiter: 'windows' });
}

/**
 * Comma, semicolon or tab; with or without a header, a byte order mark, and lines that begin with `#`. The line of a
 * record is its last one.
 */
export async function* readCsv(text: string, now: Time): AsyncGenerator<ListRow> {
  let order: readonly (Column | undefined)[] | undefined;
  for await (const { cells, line, problem } of readRecords(text)) {
    if (problem !== undefined) yield { kind: 'bad', line, reason: problem };
    else if (order) yield readRow(line, textsOf(cells, order), now);
    else {
      order = headerOf(cells);
      if (!order) yield readRow(line, textsOf(cells, columns), now);
      order ??= columns;
    }
  }
}

/** Every record as its cells, and then the lines that are none. */
export async function* readRecords(
  text: string,
): AsyncGenerator<{ cells: readonly string[]; line: number; problem?: string }> {
  const broken = new Set<number>();
  const parser = parse({
    bom: true,
    comment: '#',
    comment_no_infix: true,
    delimiter: delimiterOf(text),
    info: true,
    max_record_size: longestRecord,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      const { lines = 0 } = error as { lines?: number };
      broken.add(lines);
      return undefined;
    },
  });
  const feed = async () => {
    for (let start = 0; start < text.length; start += atOnce) {
      parser.write(text.slice(start, start + atOnce));
      await setImmediate();
    }
    parser.end();
  };
  const feeding = feed();
  for await (const { record, info } of parser as AsyncIterable<Parsed>) {
    yield { cells: record, line: info.lines };
  }
  await feeding;
  const problem = 'the quotes do not match, or the line is too long';
  for (const line of broken) yield { cells: [], line, problem };
}

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function delimiterOf(text: string): string {
  const [first = ''] = /^[^#\s].*$/m.exec(text.slice(0, longestRecord)) ?? [];
  return [',', ';', '\t'].find((delimiter) => first.includes(delimiter)) ?? ',';
}

/** Undefined where the first record is none. */
function headerOf(cells: readonly string[]): readonly (Column | undefined)[] | undefined {
  const named = cells.map((cell) => aliases[cell.trim().toLowerCase()]);
  return named.includes('target') ? named : undefined;
}

function textsOf(cells: readonly string[], order: readonly (Column | undefined)[]): CellTexts {
  const textOf = (column: Column) => cells[order.indexOf(column)] ?? '';
  const note = cells[order.indexOf('note')];
  return {
    target: textOf('target'),
    note: note === undefined ? undefined : bare(note),
    author: bare(textOf('author')),
    time: textOf('time').trim(),
    until: textOf('until').trim(),
  };
}

/** A spreadsheet would calculate a text that begins so; after an apostrophe it does not (OWASP, "CSV injection"). */
const formula = /^'*[=+\-@\t\r＝＋－＠]/;

function neutral(text: string): string {
  return formula.test(text) ? `'${text}` : text;
}

function bare(text: string): string {
  return text.startsWith("'") && formula.test(text) ? text.slice(1) : text;
}
