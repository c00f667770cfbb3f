// The step from observing to enforcing. Where it hits ours it is made until confirmed; and what nobody confirmed stays
// disarmed, whatever the configuration says.
import type { Config } from './config.ts';
import type { Alarms } from './model/alarm.ts';
import { SipwardenError } from './model/error.ts';
import type { Time } from './model/time.ts';
import type { Pipeline } from './pipeline.ts';

export interface Arming {
  /** The configuration as it is in force. */
  settingsOf(config: Config): Config;
  isDisarmed(): boolean;
  disarm(isDisarmed: boolean): void;
  /** Raises the alarm, or clears it. */
  tell(): void;
}

const alarmCode = 'MODE_NOT_CONFIRMED';

export function createArming(alarms: Alarms, isDisarmedAtFirst: boolean): Arming {
  let isDisarmed = isDisarmedAtFirst;
  const tell = (): void => {
    if (!isDisarmed) {
      alarms.clear(alarmCode);
      return;
    }
    alarms.raise(
      alarmCode,
      'the step to mode = "enforce" was not confirmed: nobody is blocked',
      '"sipwarden confirm" arms it; "sipwarden unconfirmed" says whom it hits',
    );
  };
  return {
    settingsOf: (config) => (isDisarmed ? { ...config, mode: 'observe' } : config),
    isDisarmed: () => isDisarmed,
    disarm(disarmed) {
      isDisarmed = disarmed;
      tell();
    },
    tell,
  };
}

/** Those of ours whom a step from observing to enforcing would hit. */
export function hitByArming(pipeline: Pipeline, now: Time): readonly string[] {
  return pipeline
    .inForce(now)
    .filter(({ enforced, cause }) => !enforced && cause.kind === 'detection')
    .flatMap(({ target }) => pipeline.objections(target, now).map(({ detail }) => `${target}: ${detail}`));
}

export function wouldHit(hits: readonly string[]): SipwardenError {
  const some = hits.slice(0, 3).join('; ');
  const more = hits.length > 3 ? `; and ${hits.length - 3} more` : '';
  return new SipwardenError('MODE_WOULD_HIT', `enforcing would hit those who are ours: ${some}${more}`, {
    hint: 'allow them ("sipwarden allow add"), lift what was only observed ("sipwarden unban"), or "sipwarden reload --force" and confirm it',
  });
}
