// What every live sensor can do, and how it says that it is well.
import type { InventoryFact } from './inventory.ts';
import type { Observation, SensorName } from './observation.ts';
import type { Time } from './time.ts';

export type SensorState = 'off' | 'starting' | 'live' | 'down';

export interface SensorHealth {
  readonly name: SensorName | 'host';
  readonly state: SensorState;
  readonly since: Time;
  /** One line for a person: what it reads, or why it does not. */
  readonly detail: string;
  /** What was seen, shed, dropped, discarded: never silently. */
  readonly counters: Readonly<Record<string, number>>;
}

/** Where a sensor's findings go. */
export interface SensorOutput {
  observe(observations: readonly Observation[]): void;
  know(fact: InventoryFact): void;
}

export interface Sensor {
  readonly name: SensorHealth['name'];
  start(output: SensorOutput): Promise<void>;
  stop(): Promise<void>;
  health(): SensorHealth;
}
