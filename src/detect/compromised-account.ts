// An account that is perhaps in other hands (mission W7): a stranger failed several times at it and then got in, or it
// is used from a country where it never was. It may be its owner, with a new password or on a journey: it is only told.
// Only what proves its source counts, on all sides.
import { z } from 'zod';
import { createLru } from '../lib/lru.ts';
import { type Detection, defineDetector } from '../model/detection.ts';
import {
  type AuthenticationFailed,
  type AuthenticationSucceeded,
  foreignTextLimit,
} from '../model/observation.ts';
import { durationOption } from '../model/options.ts';
import { createAccountPlaces, placeKinds } from './account-places.ts';
import { createAccountSuccesses } from './account-successes.ts';
import { createEvidenceWindow, type EvidenceWindow } from './evidence-window.ts';

const name = 'compromised-account';
/** Sources with failures at one account that are remembered. */
const most = 4_096;
/** Whoever got in before is no stranger. Milliseconds. */
const knownForMs = 30 * 86_400_000;
const onOrOff = z.enum(['on', 'off']);

export const compromisedAccount = defineDetector({
  name,
  summary: 'an account that a stranger guesses at and then uses, or that is used from a new country',
  watches: ['authentication-failed', 'authentication-succeeded'],
  options: z.strictObject({
    fail_count: z
      .int()
      .min(1)
      .max(1_000)
      .default(3)
      .describe(
        'So many failures before a success are forgiven; with one more within monit_period it is told.',
      ),
    monit_period: durationOption('24h', { atMost: '1d' }).describe(
      'The time within which failures before a success are counted.',
    ),
    new_country: onOrOff
      .default('on')
      .describe('Whether it is told when a well known account is used from a country where it never was.'),
    new_network: onOrOff
      .default('off')
      .describe('The same of networks (autonomous systems); they need [geoip] network_database.'),
    known_count: z
      .int()
      .min(1)
      .max(100_000)
      .default(10)
      .describe('An account is well known after so many successes ...'),
    known_period: durationOption('3d', { atMost: '90d' }).describe('... over at least so long a time.'),
    travelling_accounts: z
      .array(z.string().max(foreignTextLimit))
      .max(10_000)
      .default([])
      .describe('Accounts that may be used from anywhere, such as those of mobile phones.'),
  }),
  create({ fail_count, monit_period, ...options }, context) {
    const strangers = createLru<string, EvidenceWindow>(most);
    const successes = createAccountSuccesses(knownForMs);
    const travelling = new Set(options.travelling_accounts);
    const places = createAccountPlaces({
      kinds: placeKinds.filter((kind) => options[`new_${kind}`] === 'on'),
      geography: context.geography,
      count: options.known_count,
      periodMs: options.known_period,
    });
    const keyOf = ({ source, account }: AuthenticationFailed | AuthenticationSucceeded) =>
      `${context.sourceOf(source.address)} ${account}`;
    const foundBy = ({ source, time }: AuthenticationSucceeded) =>
      ({ attack: name, source: context.sourceOf(source.address), proof: 'proven', time }) as const;

    /** The failures of the stranger who has got in now. */
    const findGuesses = (success: AuthenticationSucceeded): Detection | undefined => {
      const window = strangers.get(keyOf(success));
      strangers.delete(keyOf(success));
      const failedLast = window?.fade()?.lastTime ?? Number.NEGATIVE_INFINITY;
      if (!window?.exceeds(fail_count) || success.time - failedLast >= monit_period) return undefined;
      const found = window.detection(foundBy(success), 'failures before a success', fail_count);
      const callIds = [...(success.callId ? [success.callId] : []), ...found.evidence.callIds];
      return { ...found, evidence: { ...found.evidence, callIds } };
    };
    /** Where the account was used from the address before, it is no news what a newer database says of it. */
    const findNewPlace = (success: AuthenticationSucceeded): Detection | undefined => {
      const found = places.learn(success);
      if (!found || successes.has(success) || travelling.has(success.account)) return undefined;
      const window = createEvidenceWindow(monit_period, 1);
      window.add(success);
      const what = `success from a ${found.kind} where the account was never used`;
      const values = [`${found.place}, before: ${found.before.join(' ')}`];
      return window.detection(foundBy(success), what, 0, { count: 1, values });
    };

    return {
      observe(observation) {
        const { kind, proof } = observation;
        if (proof.level === 'asserted') return undefined;
        if (kind === 'authentication-failed' && !successes.has(observation)) {
          const key = keyOf(observation);
          const window = strangers.get(key) ?? createEvidenceWindow(monit_period, fail_count + 1);
          strangers.set(key, window);
          window.add(observation);
        }
        if (kind !== 'authentication-succeeded') return undefined;
        const [guesses, newPlace] = [findGuesses(observation), findNewPlace(observation)];
        successes.add(observation);
        if (guesses) return { ...guesses, isIntrusion: true, isUrgent: true };
        // Its owner may be travelling.
        return newPlace && { ...newPlace, isOnlyTold: true, isUrgent: true };
      },
      forget(source) {
        for (const key of strangers.keys()) if (key.startsWith(`${source} `)) strangers.delete(key);
      },
    };
  },
});
