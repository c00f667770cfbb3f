// The listings of what sipwarden leaves to a person, as people read them.
import { describeRadius } from '../model/blast-radius.ts';
import type { Change } from '../model/change.ts';
import type { Decision } from '../model/decision.ts';
import type { ShieldEntry } from '../model/shield-entry.ts';
import { clock, table } from './print.ts';
import { causeOf } from './views.ts';

export function viewHeld(decisions: readonly Decision[]): string {
  return table(
    ['ID', 'ADDRESS', 'SINCE', 'LAPSES', 'BECAUSE OF', 'BEHIND IT', 'WHY'],
    decisions.map((decision) => [
      decision.id,
      decision.target,
      clock(decision.time),
      clock(decision.until),
      causeOf(decision),
      decision.behind ? describeRadius(decision.behind) : 'nobody of ours',
      decision.reason,
    ]),
    'no ban waits for a person',
  );
}

export function viewChanges(changes: readonly Change[]): string {
  return table(
    ['ID', 'CHANGE', 'BY', 'UNDONE', 'HITS'],
    changes.map(({ id, kind, target = '', by, until, hits }) => [
      id,
      `${kind} ${target}`.trim(),
      by,
      until > farAway ? 'it is; confirm to make it after all' : clock(until),
      hits.join('; '),
    ]),
    'nothing waits for a confirmation',
  );
}

/** A change that waits for ever was undone already. Epoch milliseconds. */
const farAway = 4_102_444_800_000;

export function viewShield(entries: readonly ShieldEntry[]): string {
  return table(
    ['ADDRESS', 'WHO', 'WHY', 'SINCE', 'PROVEN SINCE', 'UNTIL'],
    entries.map(({ kind, target, name, why, since, provenSince, until }) => [
      target,
      `${kind} ${name}`,
      why,
      clock(since),
      provenSince === undefined ? '' : clock(provenSince),
      until === undefined ? 'while it is so' : clock(until),
    ]),
    'nobody is shielded',
  );
}
