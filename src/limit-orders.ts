// What persons order about the limits of single sources.
import type { Operations } from './control/operations.ts';
import type { Firewall } from './firewall.ts';
import { isLimit } from './model/enforcer.ts';
import type { SourceLimit } from './model/source-limit.ts';
import type { Time } from './model/time.ts';
import type { SourceLimits } from './source-limits.ts';

export interface LimitOrdersParts {
  readonly firewall: () => Firewall;
  readonly sourceLimits: SourceLimits;
  readonly now: () => Time;
}

export function createLimitOrders({
  firewall,
  sourceLimits,
  now,
}: LimitOrdersParts): Pick<Operations, 'limits' | 'limitSet' | 'limitClear'> {
  return {
    async limits() {
      const held = await firewall().enforcer.list();
      return { own: sourceLimits.all(), slowed: held.filter(({ set }) => isLimit(set)) };
    },
    async limitSet({ target, invitePerSecond, tftpPerMinute, packetsPerSecond, note, by }) {
      const common = { target, note, author: by, time: now() };
      const wanted: SourceLimit[] = [
        ...(invitePerSecond
          ? [{ ...common, limit: 'invite', perMinute: 60 * invitePerSecond } as const]
          : []),
        ...(tftpPerMinute ? [{ ...common, limit: 'tftp', perMinute: tftpPerMinute } as const] : []),
        ...(packetsPerSecond
          ? [{ ...common, limit: 'packets', perMinute: 60 * packetsPerSecond } as const]
          : []),
      ];
      for (const each of wanted) await sourceLimits.set(each);
      return wanted;
    },
    async limitClear({ target }) {
      return { target, cleared: await sourceLimits.clear(target) };
    },
  };
}
