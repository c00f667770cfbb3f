// The AMI sensor: reads Asterisk's security events with one login, and asks with the other who is ours. It starts without
// Asterisk and without a secret, and takes both up when they appear.

import { z } from 'zod';
import type { AmiActions } from '../asterisk/ami-actions.ts';
import { type AmiState, type AmiTiming, amiTiming } from '../asterisk/ami-login.ts';
import type { AmiMessage } from '../asterisk/ami-message.ts';
import { type AmiSecrets, readAmiSecrets } from '../asterisk/ami-secret.ts';
import type { Dns } from '../asterisk/host-lookup.ts';
import type { InventoryTiming } from '../asterisk/inventory.ts';
import type { Logger } from '../lib/logger.ts';
import type { Alarms } from '../model/alarm.ts';
import { hintOf, messageOf } from '../model/error.ts';
import type { Expelled } from '../model/expulsion.ts';
import type { Sensor, SensorOutput, SensorState } from '../model/sensor.ts';
import type { Time } from '../model/time.ts';
import { createAmiAlarms } from './ami-alarms.ts';
import { type AmiDialogue, openAmiDialogue } from './ami-dialogue.ts';
import { observationsOf } from './ami-observations.ts';
import { createCondition } from './condition.ts';

const userName = z
  .string()
  .regex(/^[\w-]{1,64}$/, 'expected the name of a user in manager.conf: letters, digits, "-" and "_"');

export const amiOptions = z.strictObject({
  enabled: z
    .enum(['auto', 'yes', 'no'])
    .default('auto')
    .describe(`Whether Asterisk's security events are read; "auto" does so where secret_file exists.`),
  host: z
    .string()
    .regex(/^[\w.:-]{1,253}$/, 'expected a host name or an address')
    .default('127.0.0.1')
    .describe('Where the manager interface listens. It is not encrypted: loopback only.'),
  port: z.int().min(1).max(65_535).default(5038).describe('The port of the manager interface.'),
  events_user: userName.default('sipwarden-events').describe('Reads events, may do nothing.'),
  actions_user: userName.default('sipwarden-actions').describe('Asks and acts, is sent no events.'),
  secret_file: z
    .string()
    .min(1)
    .default('/etc/sipwarden/ami.secret')
    .describe('Holds the secrets of both users; mode 0640 or stricter. "sipwarden setup" writes it.'),
  publish: z
    .boolean()
    .default(true)
    .describe(
      'Every ban, unban, held ban and alarm is told to the other AMI clients as a UserEvent (docs/ami-events.md).',
    ),
  mirror: z
    .boolean()
    .default(true)
    .describe(
      "The newest bans and attacks are kept in Asterisk's database, where its command line lists them.",
    ),
  reports: z
    .enum(['off', 'asserted', 'proven'])
    .default('off')
    .describe(
      'Whether other AMI clients and the dialplan may report abusers by a UserEvent SipwardenReport, and what that is ' +
        'worth: "asserted" drops for minutes, "proven" bans. Callers can forge one where a UserEvent of the dialplan holds their text.',
    ),
  reports_per_minute: z
    .int()
    .min(1)
    .max(6_000)
    .default(60)
    .describe(
      'So many reports a minute are heard, of all reporters together; more are counted and forgotten.',
    ),
});
export type AmiOptions = z.infer<typeof amiOptions>;

export interface AmiSensor extends Sensor {
  /** Somebody is to be put out of the PBX. */
  expel(): void;
}

/** Somebody besides the sensor who tells Asterisk something. */
export interface ActionsUser {
  /** The actions login is live, or is so no more. */
  connect(actions: AmiActions | undefined): void;
  counters(): Readonly<Record<string, number>>;
}

const secretRetryMs = 15_000;
const sensorStates = { connecting: 'starting', live: 'live', refused: 'down', down: 'down' } as const;

export function createAmiSensor({
  options,
  logger,
  alarms,
  now,
  expelled,
  actionsUsers = [],
  timing = amiTiming,
  inventoryTiming,
  makeDns,
}: {
  readonly options: AmiOptions;
  readonly logger: Logger;
  readonly alarms: Alarms;
  now(): Time;
  readonly expelled: Expelled;
  readonly actionsUsers?: readonly ActionsUser[];
  readonly timing?: AmiTiming;
  readonly inventoryTiming?: InventoryTiming;
  readonly makeDns?: () => Dns;
}): AmiSensor {
  const amiAlarms = createAmiAlarms(alarms, now);
  const counters = { observations: 0, tampered: 0 };
  const condition = createCondition(now, 'not started');
  let lagMs = 0;
  let secrets: AmiSecrets | undefined;
  let dialogue: AmiDialogue | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  let reconnectTimer: NodeJS.Timeout | undefined;
  let output: SensorOutput | undefined;
  let isStopped = false;

  const setHealth = (state: SensorState, detail: string): void => {
    if (condition.become(state, detail)) logger.info({ state, detail }, 'AMI sensor changed');
  };
  const rereadSecrets = async (): Promise<void> => {
    secrets = (await readAmiSecrets(options.secret_file).catch(() => undefined)) ?? secrets;
  };
  const onState = (state: AmiState, detail: string): void => {
    setHealth(sensorStates[state], detail);
    amiAlarms.state(state, detail);
  };
  const onLag = (ms: number): void => {
    lagMs = ms;
    amiAlarms.lag(ms);
  };
  const onEvents = (events: readonly AmiMessage[]): void => {
    const tampered = events.filter((event) => event.tampered).length;
    counters.tampered += tampered;
    if (tampered > 0) amiAlarms.tampered();
    const observations = events.flatMap(observationsOf);
    counters.observations += observations.length;
    if (observations.length > 0) output?.observe(observations);
  };
  const connect = (): void => {
    const { host, port, events_user, actions_user } = options;
    dialogue = openAmiDialogue({
      eventsLogin: { host, port, user: events_user, secret: () => secrets?.events ?? '' },
      actionsLogin: { host, port, user: actions_user, secret: () => secrets?.actions ?? '' },
      alarms,
      now,
      timing,
      listener: {
        onEvents,
        onState,
        onLag,
        onActionsState: amiAlarms.actions,
        onAnswer(action, isPermitted) {
          if (!amiAlarms.answer(action, isPermitted)) reconnectLater();
        },
        onHearing(isHeard) {
          amiAlarms.hearing(isHeard);
          if (!isHeard) reconnectLater();
        },
        onRefused: rereadSecrets,
        know: (fact) => output?.know(fact),
        onActions(actions) {
          for (const { connect } of actionsUsers) connect(actions);
        },
        onReports(reports) {
          counters.observations += reports.length;
          output?.observe(reports);
        },
      },
      expelled,
      reports: { worth: options.reports, perMinute: options.reports_per_minute },
      ...(inventoryTiming && { inventoryTiming }),
      ...(makeDns && { makeDns }),
    });
  };
  /** What its users may do is looked up by Asterisk when they log in. */
  const reconnectLater = (): void => {
    reconnectTimer ??= setTimeout(() => {
      reconnectTimer = undefined;
      dialogue?.close();
      connect();
    }, timing.retryLackingMs);
  };
  const open = async (): Promise<void> => {
    try {
      secrets = await readAmiSecrets(options.secret_file);
      if (isStopped) return;
      if (secrets) return connect();
      reportMissingSecret();
    } catch (error) {
      setHealth('down', messageOf(error));
      amiAlarms.state('down', messageOf(error), hintOf(error));
    }
    if (!isStopped) retryTimer = setTimeout(open, secretRetryMs);
  };
  const reportMissingSecret = (): void => {
    const detail = `there is no ${options.secret_file}`;
    const hint = '"sipwarden setup" makes the AMI logins and writes their secrets';
    setHealth(options.enabled === 'yes' ? 'down' : 'off', `${detail}; ${hint}`);
    if (options.enabled === 'yes') amiAlarms.state('down', detail, hint);
    else amiAlarms.clearAll();
  };
  return {
    name: 'ami',
    async start(to) {
      output = to;
      if (options.enabled === 'no') setHealth('off', 'switched off: [ami] enabled = "no"');
      else await open();
    },
    async stop() {
      isStopped = true;
      clearTimeout(retryTimer);
      clearTimeout(reconnectTimer);
      dialogue?.close();
      setHealth('off', 'stopped');
      amiAlarms.clearAll();
    },
    expel: () => dialogue?.expel(),
    health() {
      const { state, since, detail } = condition.health();
      const more = state === 'live' && dialogue ? `; ${dialogue.detail()}` : '';
      return {
        ...{ name: 'ami', state, since, detail: `${detail}${more}` },
        counters: { ...dialogue?.counters(), ...counters, ...countersOf(actionsUsers), lagMs },
      };
    },
  };
}

function countersOf(users: readonly ActionsUser[]): Readonly<Record<string, number>> {
  return Object.assign({}, ...users.map(({ counters }) => counters()));
}
