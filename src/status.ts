// The state of the whole, for a person: one sentence, and the figures behind it.
import packageJson from '../package.json' with { type: 'json' };
import type { Status } from './control/operations.ts';
import type { Core } from './core.ts';
import type { Alarm } from './model/alarm.ts';
import type { Action } from './model/decision.ts';
import type { GeoDatabase } from './model/geography.ts';
import type { SensorHealth } from './model/sensor.ts';
import type { Time } from './model/time.ts';

export const version: string = packageJson.version;

export async function describeStatus({
  startedAt,
  core,
  sensors,
  geoip,
  alarms,
  now,
}: {
  readonly startedAt: Time;
  readonly core: Core;
  readonly sensors: readonly SensorHealth[];
  readonly geoip: readonly GeoDatabase[];
  readonly alarms: readonly Alarm[];
  readonly now: Time;
}): Promise<Status> {
  const { pipeline, lists, proposals, changes } = core;
  const inForce = pipeline.inForce(now);
  const count = (wanted: Action) =>
    inForce.filter(({ action, enforced }) => action === wanted && (enforced || wanted === 'held')).length;
  const { enforcer, layers, repairs } = core.firewall();
  const { name: backend, ...about } = enforcer.backEnd();
  const [first, ...others] = layers();
  const ami = sensors.find(({ name }) => name === 'ami');
  return {
    version,
    pid: process.pid,
    startedAt,
    mode: core.mode(),
    backend,
    summary: summarize(core.mode(), sensors, alarms.length),
    sensors,
    pbx: { state: ami?.state ?? 'off', detail: ami?.detail ?? '' },
    inForce: {
      bans: count('ban'),
      drops: count('drop'),
      ports: count('port-ban'),
      held: count('held'),
      proposed: proposals.waiting().length,
      unconfirmed: changes.waiting().length,
      shielded: new Set(pipeline.shield.entries(now).map(({ target }) => target)).size,
      allow: lists.allow.size,
      deny: lists.deny.size,
    },
    firewall: {
      pending: first?.pending ?? 0,
      ...about,
      notices: first?.notices ?? [],
      layers: others,
      repairs: repairs(),
      drops: await enforcer.drops().catch(() => ({ hot: {}, limits: {} })),
    },
    correlator: pipeline.counters(),
    geoip,
    alarms,
  };
}

/** What protects this machine right now, in one sentence. */
function summarize(mode: Status['mode'], sensors: readonly SensorHealth[], alarms: number): string {
  const isLive = (wanted: SensorHealth['name']) =>
    sensors.some(({ name, state }) => name === wanted && state === 'live');
  const eyes = {
    none: isLive('hep')
      ? 'from what Asterisk mirrors alone: neither packets nor its events are seen'
      : "blind: neither packets nor Asterisk's events are seen",
    packets: 'from packets alone: no Asterisk events are read ("sipwarden setup" makes its logins)',
    ami: "from Asterisk's events alone: no packets are seen",
    both: "from packets and Asterisk's security events",
  };
  const seen = isLive('packets') ? (isLive('ami') ? 'both' : 'packets') : isLive('ami') ? 'ami' : 'none';
  const mirrored = seen !== 'none' && isLive('hep') ? ', with sight into TLS and WebSocket' : '';
  const verb = mode === 'enforce' ? 'Protecting' : 'Observing (nobody is blocked)';
  const trouble = alarms === 0 ? '' : `; ${alarms === 1 ? 'one alarm' : `${alarms} alarms`}`;
  return `${verb} ${eyes[seen]}${mirrored}${trouble}`;
}
