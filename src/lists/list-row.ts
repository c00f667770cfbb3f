// One line of a file that is to be imported, in our words.
import { type ListTarget, listTargetForm, parseListTarget } from '../model/list-entry.ts';
import { isoTime, parseTime, type Time } from '../model/time.ts';

/** `bad` stops the whole import; `skipped` says nothing for the list, and why. */
export type ListRow =
  | ({ readonly kind: 'entry'; readonly line: number } & ListCells)
  | { readonly kind: 'bad' | 'skipped'; readonly line: number; readonly reason: string };

/** What the file says; what it does not say is the importer's. */
export interface ListCells {
  readonly target: ListTarget;
  readonly note?: string;
  readonly author?: string;
  readonly time?: Time;
  readonly until?: Time;
}

/** As the file has them; an empty text stands for nothing said, but of a note for an empty one. */
export interface CellTexts {
  readonly target: string;
  readonly note?: string | undefined;
  readonly author?: string | undefined;
  readonly time?: string | undefined;
  readonly until?: string | undefined;
}

/** Characters. */
export const longest = { note: 200, author: 64 } as const;

/** What is over by `now` is skipped. */
export function readRow(line: number, texts: CellTexts, now: Time): ListRow {
  const { note, author = '', time = '', until = '' } = texts;
  const bad = (reason: string): ListRow => ({ kind: 'bad', line, reason });
  const target = parseListTarget(texts.target);
  if (target === undefined) return bad(`${quoted(texts.target)} is not ${listTargetForm}`);
  if (note !== undefined && note.length > longest.note)
    return bad(`the note is longer than ${longest.note} characters`);
  if (author.length > longest.author) return bad(`the author is longer than ${longest.author} characters`);
  const [since, end] = [parseTime(time), parseTime(until)];
  if (time !== '' && since === undefined) return bad(`${quoted(time)} is no time, such as ${example}`);
  if (until !== '' && end === undefined) return bad(`${quoted(until)} is no time, such as ${example}`);
  if (end !== undefined && end <= now)
    return { kind: 'skipped', line, reason: `${target} is over since ${isoTime(end)}` };
  return {
    kind: 'entry',
    line,
    target,
    ...(note !== undefined && { note }),
    ...(author !== '' && { author }),
    ...(since !== undefined && { time: since }),
    ...(end !== undefined && { until: end }),
  };
}

const example = '2026-12-31T18:00:00Z';

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
