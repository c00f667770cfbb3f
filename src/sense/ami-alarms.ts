// What a person must know about the AMI sensor: lost, refused, late, fed events that Asterisk did not write, or given
// less than it needs.
import type { AmiState } from '../asterisk/ami-login.ts';
import type { Alarms } from '../model/alarm.ts';
import { formatDuration, type Time } from '../model/time.ts';

export interface AmiAlarms {
  state(state: AmiState, detail: string, hint?: string): void;
  lag(lagMs: number): void;
  tampered(): void;
  /** The state of the actions login; `connecting` while it is no wonder that it is not live. */
  actions(state: AmiState, detail: string): void;
  /** Tells whether its user may do all that was asked so far. */
  answer(action: string, isPermitted: boolean): boolean;
  /** Whether security events come, of which there must have been one by now. */
  hearing(isHeard: boolean): void;
  clearAll(): void;
}

const lagRaisedMs = 5_000;
const lagClearedMs = 1_000;
const tamperedForMs = 3_600_000;

const codes = [
  'AMI_DOWN',
  'AMI_REFUSED',
  'AMI_LAGGING',
  'AMI_TAMPERED_EVENT',
  'AMI_ACTIONS_DOWN',
  'AMI_PERMISSION_DENIED',
  'AMI_SECURITY_UNHEARD',
] as const;
/** Less than what its user needs, by choice: `acl show` alone wants the class "command". */
const optionalAction = 'Command';
const hints = {
  down: 'is Asterisk running, and does manager.conf say enabled = yes? Packets go on protecting',
  refused: 'run "sipwarden setup": the secret in secret_file and the user in manager.d/sipwarden.conf differ',
  lagging:
    'the machine is overloaded, or the clocks of Asterisk and sipwarden differ; packets go on protecting',
  actions:
    'run "sipwarden setup": without its actions login nobody knows whose phones, trunks and calls are to be shielded',
  permission:
    'give the user of [ami] actions_user write = system,user,reporting (manager.d/sipwarden.conf; "sipwarden setup" writes it), then: asterisk -rx "manager reload"; it is taken up within five minutes',
  hearing:
    'give the user of [ami] events_user read = security,user,system,call (manager.d/sipwarden.conf; "sipwarden setup" writes it), then: asterisk -rx "manager reload"; it is taken up within five minutes',
  tampered:
    'somebody sends Asterisk requests that are made to deceive; nothing was done because of them, see "sipwarden attacks"',
} as const;

export function createAmiAlarms(alarms: Alarms, now: () => Time): AmiAlarms {
  let tamperedTime: Time | undefined;
  const denied = new Set<string>();
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
    actions(state, detail) {
      if (state === 'live' || state === 'connecting') alarms.clear('AMI_ACTIONS_DOWN');
      else
        alarms.raise(
          'AMI_ACTIONS_DOWN',
          `Asterisk cannot be asked or told anything: ${detail}`,
          hints.actions,
        );
    },
    answer(action, isPermitted) {
      if (action === optionalAction || isPermitted !== denied.has(action)) return denied.size === 0;
      if (isPermitted) denied.delete(action);
      else denied.add(action);
      if (denied.size === 0) alarms.clear('AMI_PERMISSION_DENIED');
      else {
        const which = [...denied].slice(0, 3).join(', ');
        alarms.raise(
          'AMI_PERMISSION_DENIED',
          `the actions user may not do all that it is needed for: ${which}`,
          hints.permission,
        );
      }
      return denied.size === 0;
    },
    hearing(isHeard) {
      if (isHeard) alarms.clear('AMI_SECURITY_UNHEARD');
      else
        alarms.raise(
          'AMI_SECURITY_UNHEARD',
          'Asterisk let the events user in, and sends it no security events',
          hints.hearing,
        );
    },
    clearAll() {
      denied.clear();
      for (const code of codes) alarms.clear(code);
    },
  };
}
