// Whether what was observed shows that a banned source still gets through.
import type { Decision } from '../model/decision.ts';
import type { Observation } from '../model/observation.ts';

/** What was on its way when the ban began is over. Milliseconds. */
const underWayMs = 2_000;

/** Answers of ours go on being sent to somebody who is banned: only what he sent himself shows that he got through. */
export function passesBan({ kind, time }: Observation, ban: Decision): boolean {
  return kind !== 'account-probed' && time > ban.time + underWayMs;
}
