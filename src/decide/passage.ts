// Whether what was observed shows that a banned source still gets through.
import type { Decision } from '../model/decision.ts';
import type { Observation } from '../model/observation.ts';

/** What was on its way when the ban began is over. Milliseconds. */
const underWayMs = 2_000;

/** Our own answers tell of these, and go on being sent to somebody who is banned; or they came to no protected port. */
const saysNothingOfABan: ReadonlySet<Observation['kind']> = new Set([
  'abuse-reported',
  'account-probed',
  'answer-diverted',
  'file-answered',
  'management-login-failed',
]);

/** Only what he sent himself, to where he is banned, shows that he got through. */
export function passesBan({ kind, time }: Observation, ban: Decision): boolean {
  return !saysNothingOfABan.has(kind) && time > ban.time + underWayMs;
}
