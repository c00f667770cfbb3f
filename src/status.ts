// The state of the whole, for a person: one sentence, and the figures behind it.
import packageJson from '../package.json' with { type: 'json' };
import type { Status } from './control/operations.ts';
import type { SensorHealth } from './model/sensor.ts';

export const version: string = packageJson.version;

/** What protects this machine right now, in one sentence. */
export function summarize(mode: Status['mode'], sensors: readonly SensorHealth[], alarms: number): string {
  const live = sensors.filter(({ state }) => state === 'live').map(({ name }) => name);
  const eyes = {
    none: "blind: neither packets nor Asterisk's events are seen",
    packets: 'from packets alone: no Asterisk events are read ("sipwarden setup" makes its logins)',
    ami: "from Asterisk's events alone: no packets are seen",
    both: "from packets and Asterisk's security events",
  };
  const seen = live.length === 2 ? 'both' : ((live[0] ?? 'none') as keyof typeof eyes);
  const verb = mode === 'enforce' ? 'Protecting' : 'Observing (nobody is blocked)';
  const trouble = alarms === 0 ? '' : `; ${alarms === 1 ? 'one alarm' : `${alarms} alarms`}`;
  return `${verb} ${eyes[seen]}${trouble}`;
}
