// The one place for alarms: raised and cleared by code, logged when they change, listed by status.
import type { Logger } from '../lib/logger.ts';
import type { Alarm, Alarms } from '../model/alarm.ts';
import type { Time } from '../model/time.ts';

export interface AlarmBoard extends Alarms {
  active(): readonly Alarm[];
}

export function createAlarmBoard({ logger, now }: { logger: Logger; now: () => Time }): AlarmBoard {
  const alarms = new Map<string, Alarm>();
  return {
    raise(code, message, hint) {
      const since = alarms.get(code)?.since;
      alarms.set(code, { code, message, hint, since: since ?? now() });
      if (since === undefined) logger.error({ code, reason: message, hint }, 'alarm raised');
    },
    clear(code) {
      if (alarms.delete(code)) logger.info({ code }, 'alarm cleared');
    },
    active: () => [...alarms.values()],
  };
}
