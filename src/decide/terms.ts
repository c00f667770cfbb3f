// How long what was decided lasts: at first, for repeaters, and while the source goes on.
import type { Decision } from '../model/decision.ts';
import { formatDuration, type Time } from '../model/time.ts';
import type { ExpulsionOptions } from './expulsion-options.ts';
import { type LimitOptions, slowedForMs } from './limit-options.ts';
import type { PolicyOptions } from './policy-options.ts';
import type { ShieldOptions } from './shield-options.ts';

export interface Terms {
  /** Milliseconds. `offence`: which one of the source it is, from 1 on. */
  durationOf(decision: Pick<Decision, 'action' | 'limit' | 'offence'>): number;
  /** The decision with a later end, for a source whose packets go on; undefined where its time is up all the same. */
  prolong(decision: Decision): Decision | undefined;
}

export interface TermsParts {
  readonly options: () => PolicyOptions;
  readonly shieldOptions: () => ShieldOptions;
  readonly limitOptions: () => LimitOptions;
  readonly expulsionOptions: () => ExpulsionOptions;
}

/** A target that gave cause for a notice is not told of again for so long. Milliseconds. */
const noticeMs = 600_000;

export function createTerms({ options, shieldOptions, limitOptions, expulsionOptions }: TermsParts): Terms {
  const doubled = (base: number, most: number, offence: number) =>
    Math.min(most, base * 2 ** Math.min(40, offence - 1));

  const durationOf: Terms['durationOf'] = ({ action, limit = 'invite', offence }) => {
    const { ban_time, ban_time_max, drop_time, drop_time_max } = options();
    switch (action) {
      case 'ban':
        return doubled(ban_time, ban_time_max, offence);
      case 'drop':
        return doubled(drop_time, drop_time_max, offence);
      case 'limit':
        return slowedForMs(limit, limitOptions());
      case 'port-ban':
        return shieldOptions().port_ban_time;
      case 'held':
        return shieldOptions().held_for;
      case 'expel':
        return expulsionOptions().expel_for;
      case 'stale-phone':
      case 'notice':
        return noticeMs;
    }
  };

  /** Packets that keep a drop alive can be forged as well as those that began it: once, and no more. */
  const latestEnd = (decision: Decision): Time => {
    const { ban_time_max, drop_time } = options();
    const duration = durationOf(decision);
    return (
      decision.time + (decision.action === 'drop' ? duration + drop_time : Math.max(duration, ban_time_max))
    );
  };

  return {
    durationOf,
    prolong(decision) {
      const { action, until, cause } = decision;
      if (until === undefined || cause.kind === 'manual' || (action !== 'ban' && action !== 'drop'))
        return undefined;
      const { ban_time, drop_time } = options();
      const base = action === 'drop' ? drop_time : ban_time;
      const later = Math.min(until + base, latestEnd(decision));
      if (later <= until) return undefined;
      const reason = `${decision.reason.replace(goingOn, '')}${goingOnFor(later - decision.time)}`;
      return { ...decision, until: later, reason };
    },
  };
}

const goingOn = /, \S+ in all as its packets go on$/;

function goingOnFor(ms: number): string {
  return `, ${formatDuration(ms)} in all as its packets go on`;
}
