// How a sensor is, and since when it is so.
import type { SensorHealth, SensorState } from '../model/sensor.ts';
import type { Time } from '../model/time.ts';

type Health = Pick<SensorHealth, 'state' | 'since' | 'detail'>;

export interface Condition {
  health(): Health;
  /** Whether that is another state than before. */
  become(state: SensorState, detail: string): boolean;
}

export function createCondition(now: () => Time, detail: string): Condition {
  let health: Health = { state: 'off', since: now(), detail };
  return {
    health: () => health,
    become(state, detail) {
      const isChanged = state !== health.state;
      health = { state, detail, since: isChanged ? now() : health.since };
      return isChanged;
    },
  };
}
