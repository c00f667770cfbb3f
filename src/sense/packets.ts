// The packet sensor: keeps tcpdump and the sidecar running, hands on what the sidecar observed, and says when
// nothing is seen. It never touches a packet itself.
import { setTimeout as delay } from 'node:timers/promises';
import type { CaptureSettings } from '../capture/protocol.ts';
import type { Logger } from '../lib/logger.ts';
import type { Alarms } from '../model/alarm.ts';
import { hintOf, messageOf } from '../model/error.ts';
import type { Sensor, SensorHealth, SensorOutput, SensorState } from '../model/sensor.ts';
import type { Time } from '../model/time.ts';
import { endAbandonedReaders } from './abandoned-reader.ts';
import { createCaptureCounters } from './capture-counters.ts';
import { type Ending, tryAgain } from './capture-ending.ts';
import { type CaptureOptions, describeSource, packetFilter, tcpdumpArguments } from './capture-options.ts';
import { type Capture, type CaptureEvents, startCapture } from './capture-processes.ts';
import { readNetlinkDrops } from './netlink-drops.ts';
import type { SidecarLink } from './sidecar-link.ts';

export interface PacketSensorParts {
  readonly options: CaptureOptions;
  readonly settings: CaptureSettings;
  readonly logger: Logger;
  readonly alarms: Alarms;
  readonly now: () => Time;
  readonly sidecarLink: SidecarLink;
  /** Where the pipes between the programs are made while these start; the sidecar may enter it. */
  readonly directory: string;
}

export interface PacketSensor extends Sensor {
  /** Takes effect with the next packet. In `af-packet`, other ports make the capture start again. */
  configure(settings: CaptureSettings): void;
}

const alarmCode = 'CAPTURE_DOWN';
const firstPauseMs = 200;
const longestPauseMs = 15_000;
/** A capture that was live for this long is well: after it, pauses grow from the first again. */
const settledAfterMs = 30_000;
/** How many complaints of and about the sidecar are logged in one run. */
const complaintsPerRun = 10;

/** `start` resolves when packets are read, or when the first attempt failed; it goes on trying. */
export function createPacketSensor(parts: PacketSensorParts): PacketSensor {
  const { options, logger, alarms, now, sidecarLink, directory } = parts;
  const source = describeSource(options);
  const starts = `starts to read ${source}`;
  const counters = createCaptureCounters();
  const stopping = new AbortController();
  let { settings } = parts;
  let condition: Pick<SensorHealth, 'state' | 'since' | 'detail'> = {
    state: 'off',
    since: now(),
    detail: 'switched off in [capture]',
  };
  let capture: Capture | undefined;
  /** What the capture that runs lets through. */
  let filter = '';
  let running: Promise<void> | undefined;

  const become = (state: SensorState, detail: string): void => {
    condition = { state, detail, since: state === condition.state ? condition.since : now() };
  };
  const becomeLive = (): void => {
    become('live', `reads ${source}`);
    alarms.clear(alarmCode);
    logger.info({ source }, 'packets are read');
  };
  const becomeDown = ({ message, hint }: Ending): void => {
    become('down', message);
    alarms.raise(alarmCode, `no packet is seen: ${message}`, hint);
    logger.warn({ reason: message, hint }, 'packets are not read');
  };
  const refreshDrops = (): void => {
    const drops = options.source === 'nflog' ? readNetlinkDrops(capture?.tcpdumpPid) : capture?.askDrops();
    if (drops !== undefined) counters.tellDrops(drops);
  };

  const isFilterStale = (): boolean => options.source === 'af-packet' && filter !== packetFilter(settings);
  /** Brings the capture that runs to what is wanted now. */
  const adjust = (): void => {
    if (stopping.signal.aborted || isFilterStale()) capture?.stop();
    else capture?.configure(settings);
  };

  const listen = (emit: Emit): Pick<CaptureEvents, 'onMessage' | 'onRefused'> => {
    let complaints = 0;
    const complain = (details: object, message: string): void => {
      complaints += 1;
      if (complaints <= complaintsPerRun) logger.warn(details, message);
    };
    return {
      onMessage(message) {
        if (stopping.signal.aborted) return;
        if (message.kind === 'observations') emit(message.list);
        else if (message.kind === 'fault') complain({ fault: message }, 'the sidecar reports a fault');
        else {
          counters.tell(message.counters);
          refreshDrops();
        }
      },
      onRefused(reason) {
        counters.add('refused');
        complain({ reason }, 'a message of the sidecar was refused');
      },
    };
  };

  /** One life of the two programs: how it ended, or undefined where other ports asked for its end. */
  const run = async (emit: Emit, onLive: () => void): Promise<Ending | undefined> => {
    filter = packetFilter(settings);
    if (options.source === 'nflog' && endAbandonedReaders()) {
      logger.info({ source }, 'the reader that a killed daemon left was ended');
    }
    try {
      const command = { tcpdumpArguments: tcpdumpArguments(options, filter), sidecarLink, directory };
      capture = await startCapture(command, { ...listen(emit), onLive });
      adjust();
      const ending = await capture.ended;
      return isFilterStale() ? undefined : ending;
    } catch (error) {
      return { message: messageOf(error), hint: hintOf(error) || tryAgain };
    } finally {
      capture = undefined;
      counters.endRun();
    }
  };

  const keepRunning = async (emit: Emit, onTried: () => void): Promise<void> => {
    let pauseMs = firstPauseMs;
    while (!stopping.signal.aborted) {
      let liveSince: Time | undefined;
      const ending = await run(emit, () => {
        liveSince = now();
        becomeLive();
        onTried();
      });
      if (stopping.signal.aborted) return;
      counters.add('restarts');
      if (!ending) {
        become('starting', starts);
        continue;
      }
      becomeDown(ending);
      onTried();
      if (liveSince !== undefined && now() - liveSince >= settledAfterMs) pauseMs = firstPauseMs;
      await pause(pauseMs, stopping.signal);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  };

  return {
    name: 'packets',
    async start({ observe }) {
      if (options.source === 'off') return;
      become('starting', starts);
      await new Promise<void>((onTried) => {
        running = keepRunning(observe, onTried).then(onTried);
      });
    },
    async stop() {
      stopping.abort();
      capture?.stop();
      await running;
      alarms.clear(alarmCode);
      become('off', 'stopped');
    },
    configure(changed) {
      settings = changed;
      adjust();
    },
    health() {
      refreshDrops();
      return { name: 'packets', ...condition, counters: counters.totals() };
    },
  };
}

type Emit = SensorOutput['observe'];

/** About `ms`, so that many machines do not come back in step; shorter where it is interrupted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {});
}
