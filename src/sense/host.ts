// The host sensor: who administers this machine over SSH now, and where its default gateways are, so that nobody locks
// them out. It opens no connection and runs no program.

import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../lib/logger.ts';
import type { Alarms } from '../model/alarm.ts';
import { messageOf } from '../model/error.ts';
import type { Sensor, SensorOutput } from '../model/sensor.ts';
import type { Time } from '../model/time.ts';
import { createCondition } from './condition.ts';
import { describeHost, type HostKnowledge, isBlind, nothingKnown, readHost } from './host-knowledge.ts';
import type { HostOptions } from './host-options.ts';
import { type HostPaths, hostPaths } from './host-paths.ts';
import { type HostWatch, watchHost } from './host-watch.ts';

export interface HostSensorParts {
  readonly options: HostOptions;
  readonly logger: Logger;
  readonly alarms: Alarms;
  readonly now: () => Time;
  readonly paths?: HostPaths;
}

const alarmCode = 'HOST_UNREADABLE';
const hint = 'put the addresses from which you administer this machine on the allowlist: "sipwarden allow"';
const lookAgainAfterMs = 60_000;

/**
 * It looks when inotify tells of a login or logout, and when it is asked for its health, at most once a minute. Of a
 * changed route it learns no sooner: that is rare, costs little (traffic comes through a gateway, seldom from it), and
 * `ip monitor` would be one more child to keep. A timer, of a minute, runs only while utmp tells of a login, since
 * nothing tells when the process of one is killed, and while something that is there could not be read or watched.
 */
export function createHostSensor({
  options,
  logger,
  alarms,
  now,
  paths = hostPaths,
}: HostSensorParts): Sensor {
  const condition = createCondition(now, 'not started');
  const { become } = condition;
  const stateNow = () => condition.health().state;
  let known: HostKnowledge = nothingKnown;
  let lookedAt: Time = 0;
  let output: SensorOutput | undefined;
  let watch: HostWatch | undefined;
  let again: NodeJS.Timeout | undefined;

  const becomeDown = (detail: string): void => {
    if (stateNow() !== 'down') {
      alarms.raise(alarmCode, `administrators and gateways are not known: ${detail}`, hint);
      logger.warn({ reason: detail, hint }, 'administrators and gateways are not read');
    }
    become('down', detail);
  };
  const becomeLive = (): void => {
    if (stateNow() === 'down') alarms.clear(alarmCode);
    become('live', describeHost(options, known));
  };
  const tell = (kind: 'administrators' | 'gateways'): void => {
    if (!output) return;
    const time = now();
    const { logins, gateways } = known;
    if (kind === 'gateways') output.know({ kind, time, addresses: gateways });
    else output.know({ kind, time, sessions: logins.sessions });
    logger.info({ fact: kind, administrators: logins.sessions.length, gateways }, 'this host told its facts');
  };

  /** What cannot be read for now stays as it was known: a lack of descriptors must not lock anybody out. */
  const read = (): 'read' | 'in trouble' => {
    try {
      known = readHost(options, paths);
      if (isBlind(known)) becomeDown(describeHost(options, known));
      else becomeLive();
      return 'read';
    } catch (error) {
      becomeDown(messageOf(error));
      return 'in trouble';
    }
  };
  const look = (): void => {
    lookedAt = now();
    const before = known;
    // Watched before it is read, so that no change falls between.
    const isWatched = watch?.renew() ?? true;
    const mustLookAgain = read() === 'in trouble' || !isWatched || known.logins.haveTerminals;
    clearTimeout(again);
    if (mustLookAgain) again = setTimeout(look, lookAgainAfterMs).unref();
    if (!isDeepStrictEqual(before.logins.sessions, known.logins.sessions)) tell('administrators');
    if (!isDeepStrictEqual(before.gateways, known.gateways)) tell('gateways');
  };

  return {
    name: 'host',
    async start(to) {
      if (options.administrators) watch = watchHost(paths, look);
      if (options.administrators || options.gateways) look();
      else become('off', 'switched off in [host]');
      // Whatever it is: it replaces what a sensor with other options knew.
      output = to;
      tell('administrators');
      tell('gateways');
    },
    async stop() {
      clearTimeout(again);
      watch?.close();
      output = undefined;
      alarms.clear(alarmCode);
      become('off', 'stopped');
    },
    health() {
      if (output && stateNow() !== 'off' && now() - lookedAt >= lookAgainAfterMs) look();
      const { logins, gateways } = known;
      const counters = {
        administrators: logins.sessions.length,
        nameless: logins.nameless,
        gateways: gateways.length,
      };
      return { name: 'host', ...condition.health(), counters };
    },
  };
}
