// What the commands for the lists print.
import type { Imported } from '../control/operations.ts';
import type { Listed, Overlap } from '../decide/list-overlaps.ts';
import type { ListEntry, ListName } from '../model/list-entry.ts';
import type { Proposal } from '../model/proposal.ts';
import { clock, plain, table } from './print.ts';

export function viewList(entries: readonly ListEntry[]): string {
  return table(
    ['ADDRESS', 'NOTE', 'BY', 'SINCE', 'UNTIL', 'IS NOW'],
    entries.map(({ target, note, author, time, until, addresses = [] }) => [
      target,
      note,
      author,
      clock(time),
      clock(until),
      addresses.join(' '),
    ]),
    'the list is empty',
  );
}

export function viewOverlaps(overlaps: readonly Overlap[]): string {
  if (overlaps.length === 0) return 'no entry lies in another one';
  return overlaps.map(describeOverlap).join('\n');
}

function describeOverlap({ kind, inner, outer }: Overlap): string {
  const [one, other] = [nameOf(inner), nameOf(outer)];
  switch (kind) {
    case 'listed-twice':
      return `${one} lies in ${other}`;
    case 'without-effect':
      return `${one} has no effect: it lies in ${other}, and allow wins`;
    case 'exception':
      return `${one} is an exception from ${other}`;
  }
}

function nameOf({ list, target }: Listed): string {
  return `${target} (${list})`;
}

export function viewProposals(proposals: readonly Proposal[]): string {
  return table(
    ['ADDRESS', 'BANS', 'SINCE', 'WHY'],
    proposals.map(({ target, bans, time, reason }) => [target, String(bans), clock(time), reason]),
    'nobody is proposed for the denylist',
  );
}

/** Of each kind so many are named. */
const shown = 20;

export function viewImport(imported: Imported, name: ListName): string {
  const { format, isDone, added, changed, removed, unchanged, refused, skipped, changes } = imported;
  const verdict = isDone
    ? `the ${name}list was imported (${format})`
    : refused.length > 0
      ? `nothing was imported (${format}): ${refused.length} lines are refused`
      : `nothing was imported yet (${format}): this was a dry run`;
  const remark = ({ line, reason }: Imported['refused'][number]) =>
    line === 0 ? plain(reason) : `line ${line}: ${plain(reason)}`;
  return [
    verdict,
    `${added.length} added, ${changed.length} changed, ${removed.length} removed, ${unchanged} unchanged`,
    ...some('refused', refused.map(remark)),
    ...some('skipped', skipped.map(remark)),
    ...(isDone ? [] : [...some('added', added), ...some('changed', changed), ...some('removed', removed)]),
    ...changes.flatMap(({ target = '', hits }) => hits.map((hit) => `${target} hits ${plain(hit)}`)),
    ...(changes.length > 0
      ? [`these are undone at ${clock(changes[0]?.until)} unless you say: sipwarden confirm`]
      : []),
  ].join('\n');
}

function some(what: string, lines: readonly string[]): readonly string[] {
  const more = lines.length > shown ? [`  ${what}: and ${lines.length - shown} more`] : [];
  return [...lines.slice(0, shown).map((line) => `  ${what}: ${line}`), ...more];
}
