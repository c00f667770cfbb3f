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
/** What the sidecar makes us log in one run, in lines. */
const complaintsPerRun = 10;

/** Starts nothing yet. `start` resolves when packets are read or the first attempt failed; it goes on trying. */
export function createPacketSensor(parts: PacketSensorParts): PacketSensor {
  const { options, logger, alarms, now } = parts;
  const { runtimeDirectory = tmpdir(), sidecarFile = ownSidecar } = parts;
  const stopping = new AbortController();
  const counters = createCaptureCounters();
  let { settings } = parts;
  let health = { state: 'off' as SensorState, since: now(), detail: 'switched off in [capture]' };
  let capture: Capture | undefined;
  let running: Promise<void> | undefined;

  const become = (state: SensorState, detail: string): void => {
    health = { state, detail, since: state === health.state ? health.since : now() };
  };
  const becomeLive = (): void => {
    become('live', `reads ${describeSource(options)}`);
    alarms.clear(alarmCode);
    logger.info({ source: describeSource(options) }, 'packets are read');
  };
  const becomeDown = ({ message, hint }: Ending): void => {
    become('down', message);
    alarms.raise(alarmCode, `No packet is seen: ${message}`, hint);
    logger.warn({ reason: message, hint }, 'packets are not read');
  };
  const refreshDrops = (): void => {
    if (options.source === 'af-packet') return capture?.askDrops();
    const drops = capture?.tcpdumpPid === undefined ? undefined : readNetlinkDrops(capture.tcpdumpPid);
    if (drops !== undefined) counters.tellDrops(drops);
  };

  const listen = (emit: Emit): Omit<CaptureEvents, 'onLive'> => {
    let complaints = 0;
    const complain = (details: object, message: string): void => {
      complaints += 1;
      if (complaints <= complaintsPerRun) logger.warn(details, message);
    };
    return {
      onMessage(message) {
        if (stopping.signal.aborted) return;
        if (message.kind === 'observations') return emit(message.list);
        if (message.kind === 'fault') {
          return complain({ code: message.code, said: message.message }, 'the sidecar reports a fault');
        }
        counters.tell(message.counters);
        refreshDrops();
      },
      onRefused(reason) {
        counters.add('refused');
        complain({ reason }, 'a message of the sidecar was refused');
      },
      onDrops: counters.tellDrops,
    };
  };

  /** One life of the two programs. Undefined where we ended it ourselves. */
  const run = async (emit: Emit, onLive: () => void): Promise<Ending> => {
    const late = createDeadline(liveWithinMs, () => capture?.stop());
    try {
      const ports = settings;
      const index = options.source === 'af-packet' ? readInterfaceIndex(options.interface) : undefined;
      capture = await startCapture(
        {
          tcpdumpArguments: tcpdumpArguments(options, ports, index),
          sidecarFile,
          sidecarUser: options.sidecar_user,
          settings,
          runtimeDirectory,
        },
        { ...listen(emit), onLive },
      );
      return await capture.ended;
    } catch (error) {
      return { message: messageOf(error), hint: (error instanceof SipwardenError && error.hint) || '' };
    } finally {
      late.clear();
    }
  };
}
