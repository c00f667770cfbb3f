// What a person must know about the AMI sensor: lost, refused, late, or fed events that Asterisk did not write.
import type { AmiState } from '../asterisk/ami-login.ts';
import type { Alarms } from '../model/alarm.ts';
import { formatDuration, type Time } from '../model/time.ts';

export interface AmiAlarms {
  state(state: AmiState, detail: string, hint?: string): void;
  lag(lagMs: number): void;
  tampered(): void;
  clearAll(): void;
}

const lagRaisedMs = 5_000;
const lagClearedMs = 1_000;
const tamperedForMs = 3_600_000;

const codes = ['AMI_DOWN', 'AMI_REFUSED', 'AMI_LAGGING', 'AMI_TAMPERED_EVENT'] as const;
const hints = {
  down: 'is Asterisk running, and does manager.conf say enabled = yes? Packets go on protecting',
  refused: 'run "sipwarden setup": the secret in secret_file and the user in manager.d/sipwarden.conf differ',
  lagging:
    'the machine is overloaded, or the clocks of Asterisk and sipwarden differ; packets go on protecting',
  tampered:
    'somebody sends Asterisk requests that are made to deceive; nothing was done because of them, see "sipwarden attacks"',
} as const;

export function createAmiAlarms(alarms: Alarms, now: () => Time): AmiAlarms {
  let tamperedTime: Time | undefined;
  return {
    state(state, detail, hint) {
      if (state === 'down')
        alarms.raise('AMI_DOWN', `Asterisk's events are not read: ${detail}`, hint ?? hints.down);
      if (state === 'refused') alarms.raise('AMI_REFUSED', detail, hints.refused);
      if (state === 'live' || state === 'refused') alarms.clear('AMI_DOWN');
      if (state === 'live' || state === 'down') alarms.clear('AMI_REFUSED');
    },
    lag(lagMs) {
      if (lagMs > lagRaisedMs) {
        const late = formatDuration(Math.round(lagMs / 1_000) * 1_000);
        alarms.raise('AMI_LAGGING', `Asterisk's events arrive ${late} late`, hints.lagging);
      } else if (lagMs < lagClearedMs) alarms.clear('AMI_LAGGING');
      if (tamperedTime !== undefined && now() - tamperedTime > tamperedForMs) {
        tamperedTime = undefined;
        alarms.clear('AMI_TAMPERED_EVENT');
      }
    },
    tampered() {
      tamperedTime = now();
      alarms.raise('AMI_TAMPERED_EVENT', 'an AMI event was not as Asterisk writes them', hints.tampered);
    },
    clearAll() {
      for (const code of codes) alarms.clear(code);
    },
  };
}
