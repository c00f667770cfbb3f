// The packet sensor: keeps tcpdump and the sidecar running, hands on what the sidecar observed, and says when
// nothing is seen. It never touches a packet itself.
import type { CaptureSettings } from '../capture/protocol.ts';
import type { Logger } from '../lib/logger.ts';
import type { Alarms } from '../model/alarm.ts';
import { hintOf, messageOf } from '../model/error.ts';
import type { Sensor, SensorOutput } from '../model/sensor.ts';
import type { Time } from '../model/time.ts';
import { endAbandonedReaders } from './abandoned-reader.ts';
import { createCaptureCounters } from './capture-counters.ts';
import { type Ending, tryAgain } from './capture-ending.ts';
import { type CaptureOptions, describeSource, packetFilter, tcpdumpArguments } from './capture-options.ts';
import { type Capture, startCapture } from './capture-processes.ts';
import { createCondition } from './condition.ts';
import { keepRunning, type Running } from './keep-running.ts';
import { readNetlinkDrops } from './netlink-drops.ts';
import type { SidecarLink } from './sidecar-link.ts';
import { listenToSidecar } from './sidecar-messages.ts';

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

/** `start` resolves when packets are read, or when the first attempt failed; it goes on trying. */
export function createPacketSensor(parts: PacketSensorParts): PacketSensor {
  const { options, logger, alarms, now, sidecarLink, directory } = parts;
  const source = describeSource(options);
  const starts = `starts to read ${source}`;
  const counters = createCaptureCounters();
  const stopping = new AbortController();
  let { settings } = parts;
  const condition = createCondition(now, 'switched off in [capture]');
  const { become } = condition;
  let capture: Capture | undefined;
  /** What the capture that runs lets through. */
  let filter = '';
  let running: Running | undefined;

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

  /** One life of the two programs: how it ended, or undefined where other ports asked for its end. */
  const run = async (observe: SensorOutput['observe'], onLive: () => void): Promise<Ending | undefined> => {
    filter = packetFilter(settings);
    if (options.source === 'nflog' && endAbandonedReaders()) {
      logger.info({ source }, 'the reader that a killed daemon left was ended');
    }
    try {
      const command = { tcpdumpArguments: tcpdumpArguments(options, filter), sidecarLink, directory };
      const { signal } = stopping;
      const events = listenToSidecar({ observe, counters, onCounters: refreshDrops, logger, signal });
      capture = await startCapture(command, { ...events, onLive });
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

  return {
    name: 'packets',
    async start({ observe }) {
      if (options.source === 'off') return;
      become('starting', starts);
      running = keepRunning({
        run: (onLive) => run(observe, onLive),
        onLive: becomeLive,
        onEnded(ending) {
          counters.add('restarts');
          if (ending) becomeDown(ending);
          else become('starting', starts);
        },
        signal: stopping.signal,
        now,
      });
      await running.tried;
    },
    async stop() {
      stopping.abort();
      capture?.stop();
      await running?.over;
      alarms.clear(alarmCode);
      become('off', 'stopped');
    },
    configure(changed) {
      settings = changed;
      adjust();
    },
    health() {
      refreshDrops();
      return { name: 'packets', ...condition.health(), counters: counters.totals() };
    },
  };
}
