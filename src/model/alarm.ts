// Something a person must know now. Raised and cleared by code, shown by status, log and (later) messages.
import type { Time } from './time.ts';

export interface Alarm {
  /** `AREA_REASON`; one alarm per code (and subject) is active at a time. */
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  readonly since: Time;
}

export interface Alarms {
  raise(code: string, message: string, hint: string): void;
  clear(code: string): void;
}
