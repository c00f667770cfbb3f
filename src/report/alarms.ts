// The one place for alarms: raised and cleared by code, logged when they change, listed by status.
import type { Logger } from '../lib/logger.ts';
import type { Alarm, Alarms } from '../model/alarm.ts';
import type { Tell } from '../model/happening.ts';
import type { Time } from '../model/time.ts';

export interface AlarmBoard extends Alarms {
  active(): readonly Alarm[];
}

export function createAlarmBoard({
  logger,
  now,
  tell = () => {},
}: {
  readonly logger: Logger;
  readonly now: () => Time;
  readonly tell?: Tell;
}): AlarmBoard {
  const alarms = new Map<string, Alarm>();
  return {
    raise(code, message, hint) {
      const since = alarms.get(code)?.since;
      const alarm = { code, message, hint, since: since ?? now() };
      alarms.set(code, alarm);
      if (since !== undefined) return;
      logger.error({ code, reason: message, hint }, 'alarm raised');
      tell({ kind: 'alarm', time: alarm.since, alarm, isOver: false });
    },
    clear(code) {
      const alarm = alarms.get(code);
      if (!alarm) return;
      alarms.delete(code);
      logger.info({ code }, 'alarm cleared');
      tell({ kind: 'alarm', time: now(), alarm, isOver: true });
    },
    active: () => [...alarms.values()],
  };
}
