// The story of one source, in the order in which it happened: what it did, what that proved, what was decided, and who
// undid it. Pure.
import type { Attack } from './model/attack.ts';
import type { Decision } from './model/decision.ts';
import { describeAct, type PbxAct } from './model/expulsion.ts';
import type { ListEntry, ListName } from './model/list-entry.ts';
import type { ShieldEntry } from './model/shield-entry.ts';
import type { Time } from './model/time.ts';
import type { StoredDecision } from './store/stored-decision.ts';

export interface TimelineEntry {
  readonly time: Time;
  readonly what:
    | 'attack'
    | 'proof'
    | 'quiet'
    | 'shield'
    | 'allow'
    | 'deny'
    | 'end'
    | PbxAct['kind']
    | Decision['action'];
  /** In words of ours, with times in UTC. */
  readonly detail: string;
}

interface Happened {
  readonly attacks: readonly Attack[];
  readonly history: readonly StoredDecision[];
  readonly lists: readonly (ListEntry & { readonly list: ListName })[];
  readonly shield: readonly ShieldEntry[];
  /** What is over by then has an end in it. */
  readonly now: Time;
}

export function timelineOf({ attacks, history, lists, shield, now }: Happened): readonly TimelineEntry[] {
  return [
    ...attacks.flatMap(storyOfAttack),
    ...history.flatMap((decision) => storyOfDecision(decision, now)),
    ...lists.map(({ list, time, target, author }): TimelineEntry => {
      return { time, what: list, detail: `${target} was put on the ${list}list by ${author}` };
    }),
    ...shield.map(({ since, kind, name, target }): TimelineEntry => {
      return { time: since, what: 'shield', detail: `${kind} ${name} at ${target} is known` };
    }),
  ].toSorted((one, other) => one.time - other.time);
}

function storyOfAttack({
  attack,
  firstTime,
  lastTime,
  messages,
  evidence,
  acts = [],
}: Attack): TimelineEntry[] {
  const sensors = Object.keys(evidence.sensors).join(' and ');
  return [
    { time: firstTime, what: 'attack', detail: `${attack} begins, seen by ${sensors}` },
    ...evidence.proofs.map(({ by, seenBy, firstTime: time }): TimelineEntry => {
      return { time, what: 'proof', detail: `${attack} proves its address: ${by}, seen by ${seenBy}` };
    }),
    ...acts.map((act): TimelineEntry => ({ time: act.time, what: act.kind, detail: describeAct(act) })),
    { time: lastTime, what: 'quiet', detail: `${attack} was seen last, after ${messages} messages` },
  ];
}

function storyOfDecision(decision: StoredDecision, now: Time): TimelineEntry[] {
  const { time, action, cause, enforced, until, ended, reason } = decision;
  const cases = cause.kind === 'detection' ? `${cause.attack} (${cause.proof})` : `order of ${cause.by}`;
  const onPaper = enforced || action === 'notice' || action === 'held' || action === 'stale-phone';
  const made: TimelineEntry = {
    time,
    what: action,
    detail: `${cases}: ${reason}${onPaper ? '' : ' (observed, not done)'}`,
  };
  const isBlock = action !== 'notice' && action !== 'stale-phone';
  if (ended) return [made, { time: ended.time, what: 'end', detail: `${action} ended by ${ended.by}` }];
  if (!isBlock || until === undefined || until > now) return [made];
  return [made, { time: until, what: 'end', detail: `${action} is over` }];
}
