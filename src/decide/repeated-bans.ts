// How often each source was banned lately on evidence that proves its address. Pure.
import { createLru } from '../lib/lru.ts';
import type { Network } from '../model/address.ts';
import type { Decision } from '../model/decision.ts';
import type { Time } from '../model/time.ts';

export interface RepeatedBans {
  /** Takes a decision into account, once however often it is told; tells whether it was such a ban. */
  note(decision: Decision): boolean;
  /** Since then. */
  count(target: Network, since: Time): number;
}

const maxTargets = 16_384;
/** Of one target; more than any threshold. */
const maxBans = 128;

export function createRepeatedBans(): RepeatedBans {
  const bans = createLru<Network, Map<string, Time>>(maxTargets);
  return {
    note({ id, target, time, action, enforced, cause }) {
      if (action !== 'ban' || !enforced || cause.kind !== 'detection' || cause.proof !== 'proven')
        return false;
      const times = bans.get(target) ?? new Map<string, Time>();
      bans.set(target, times.set(id, time));
      const [oldest] = times.keys();
      if (times.size > maxBans && oldest !== undefined) times.delete(oldest);
      return true;
    },
    count: (target, since) => [...(bans.get(target)?.values() ?? [])].filter((time) => time > since).length,
  };
}
