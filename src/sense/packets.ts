// The packet sensor: keeps tcpdump and the sidecar running, hands on what the sidecar observed, and says when
// nothing is seen. It never touches a packet itself.
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { CaptureSettings } from '../capture/protocol.ts';
import type { Logger } from '../lib/logger.ts';
import type { Alarms } from '../model/alarm.ts';
import { messageOf, SipwardenError } from '../model/error.ts';
import type { Observation } from '../model/observation.ts';
import type { Sensor, SensorHealth, SensorState } from '../model/sensor.ts';
import type { Time } from '../model/time.ts';
import { createCaptureCounters } from './capture-counters.ts';
import type { Ending } from './capture-ending.ts';
import { type CaptureOptions, captureOptions, tcpdumpArguments } from './capture-options.ts';
import { type Capture, type CaptureEvents, startCapture } from './capture-processes.ts';

export { captureOptions };

export interface PacketSensorParts {
  readonly options: CaptureOptions;
  readonly settings: CaptureSettings;
  readonly logger: Logger;
  readonly alarms: Alarms;
  readonly now: () => Time;
  /** Where a private directory for the FIFO is made. */
  readonly runtimeDirectory?: string;
  /** Another program in the sidecar's place. */
  readonly sidecarFile?: string;
}

export interface PacketSensor extends Sensor {
  configure(settings: CaptureSettings): void;
}

const alarmCode = 'CAPTURE_DOWN';
const ownSidecar = fileURLToPath(new URL('../sidecar.ts', import.meta.url));
const firstPauseMs = 200;
const longestPauseMs = 15_000;
/** A capture that stayed live this long is well: the next failure starts at the first pause again. */
const settledAfterMs = 30_000;
const liveWithinMs = 15_000;
