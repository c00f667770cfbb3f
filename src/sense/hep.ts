// The HEP sensor: keeps the sidecar running that listens to what the PBX mirrors, and says when it hears nothing or
// cannot see who calls. It reads no datagram itself.

import { readHepPassword } from '../asterisk/hep-secret.ts';
import type { CaptureSettings } from '../capture/protocol.ts';
import type { Logger } from '../lib/logger.ts';
import type { Alarms } from '../model/alarm.ts';
import { hintOf, messageOf } from '../model/error.ts';
import type { Observation } from '../model/observation.ts';
import type { Sensor, SensorOutput } from '../model/sensor.ts';
import type { Time } from '../model/time.ts';
import { type Counts, createCaptureCounters } from './capture-counters.ts';
import { type Ending, tryAgain } from './capture-ending.ts';
import { createCondition } from './condition.ts';
import { createHepAlarms } from './hep-alarms.ts';
import { describeListen, type HepOptions, hepListenerOf } from './hep-options.ts';
import { type Receiver, startReceiver } from './hep-process.ts';
import { createMirrorSilence } from './hep-silence.ts';
import { keepRunning, type Running } from './keep-running.ts';
import type { SidecarLink } from './sidecar-link.ts';
import { listenToSidecar } from './sidecar-messages.ts';
import { readUdpDrops } from './udp-drops.ts';

export interface HepSensorParts {
  readonly options: HepOptions;
  readonly settings: CaptureSettings;
  readonly logger: Logger;
  readonly alarms: Alarms;
  readonly now: () => Time;
  readonly sidecarLink: SidecarLink;
  /** Where the pipes to the sidecar are made while it starts; the sidecar may enter it. */
  readonly directory: string;
}

export interface HepSensor extends Sensor {
  /** Takes effect with the next datagram. */
  configure(settings: CaptureSettings): void;
  /** What the other sensors saw: while they see answers of the PBX, this one must hear of them. */
  witness(observations: readonly Observation[]): void;
}

/** `start` resolves when the sidecar listens, or when the first attempt failed; it goes on trying. */
export function createHepSensor(parts: HepSensorParts): HepSensor {
  const { options, logger, now, sidecarLink, directory } = parts;
  const where = describeListen(options);
  const alarms = createHepAlarms(parts.alarms);
  const counters = createCaptureCounters();
  const stopping = new AbortController();
  const silence = createMirrorSilence({
    now,
    onSilent: () => alarms.silent(counters.totals()),
    onHeard: alarms.heard,
  });
  let { settings } = parts;
  const condition = createCondition(now, 'switched off in [hep]');
  const { become } = condition;
  let receiver: Receiver | undefined;
  let running: Running | undefined;
  let messages = 0;

  const becomeLive = (): void => {
    const unproven =
      options.password_file === '' ? '; without a password nothing that it hears is a proof' : '';
    become('live', `listens on ${where}${unproven}`);
    alarms.up();
    logger.info({ where }, 'what the PBX mirrors is heard');
  };
  const becomeDown = ({ message, hint }: Ending): void => {
    become('down', message);
    alarms.down(message, hint);
    logger.warn({ reason: message, hint }, 'what the PBX mirrors is not heard');
  };
  const onCounters = (counts: Counts): void => {
    const heard = counts.messages ?? 0;
    if (heard > messages) silence.heard();
    messages = heard;
    if (counts.behindProxy) alarms.behindProxy();
  };

  /** One life of the sidecar. */
  const run = async (observe: SensorOutput['observe'], onLive: () => void): Promise<Ending> => {
    try {
      const { signal } = stopping;
      const events = listenToSidecar({ observe, counters, onCounters, logger, signal });
      const listener = hepListenerOf(options, await readHepPassword(options.password_file));
      const command = { sidecarLink, directory, listener, settings };
      receiver = await startReceiver(command, { ...events, onLive });
      if (signal.aborted) receiver.stop();
      return await receiver.ended;
    } catch (error) {
      return { message: messageOf(error), hint: hintOf(error) || tryAgain };
    } finally {
      receiver = undefined;
      messages = 0;
      counters.endRun();
    }
  };

  return {
    name: 'hep',
    async start({ observe }) {
      if (!options.enabled) return;
      become('starting', `starts to listen on ${where}`);
      running = keepRunning({
        run: (onLive) => run(observe, onLive),
        onLive: becomeLive,
        onEnded(ending) {
          counters.add('restarts');
          if (ending) becomeDown(ending);
        },
        signal: stopping.signal,
        now,
      });
      await running.tried;
    },
    async stop() {
      stopping.abort();
      receiver?.stop();
      await running?.over;
      alarms.clearAll();
      become('off', 'stopped');
    },
    configure(changed) {
      settings = changed;
      receiver?.configure(changed);
    },
    witness(observations) {
      if (condition.health().state === 'live') silence.witness(observations);
    },
    health() {
      const { state, since, detail } = condition.health();
      if (state === 'live') counters.tellDrops(readUdpDrops(options.listen));
      const heard = silence.lastHeard();
      const last = heard === undefined ? 'nothing yet' : `last at ${new Date(heard).toISOString()}`;
      const more = state === 'live' ? `; ${last}` : '';
      return { name: 'hep', state, since, detail: `${detail}${more}`, counters: counters.totals() };
    },
  };
}
