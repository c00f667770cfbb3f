// What every live sensor can do, and how it says that it is well.
import type { Observation, SensorName } from './observation.ts';
import type { Time } from './time.ts';

export type SensorState = 'off' | 'starting' | 'live' | 'down';

export interface SensorHealth {
  readonly name: SensorName;
  readonly state: SensorState;
  readonly since: Time;
  /** One line for a person: what it reads, or why it does not. */
  readonly detail: string;
  /** What was seen, shed, dropped, discarded: never silently. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface Sensor {
  readonly name: SensorName;
  start(emit: (observations: readonly Observation[]) => void): Promise<void>;
  stop(): Promise<void>;
  health(): SensorHealth;
}
