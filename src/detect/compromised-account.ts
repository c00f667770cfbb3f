// A stranger who failed several times at an account, and then got in: perhaps its owner with a new password, perhaps
// somebody who has guessed it (mission W7). Only what proves its source counts, on both sides.

import { z } from 'zod';
import { createLru } from '../lib/lru.ts';
import { defineDetector } from '../model/detection.ts';
import type { AuthenticationFailed, AuthenticationSucceeded } from '../model/observation.ts';
import { durationOption } from '../model/options.ts';
import { createAccountSuccesses } from './account-successes.ts';
import { createEvidenceWindow, type EvidenceWindow } from './evidence-window.ts';

const name = 'compromised-account';
/** Sources with failures at one account that are remembered. */
const most = 4_096;
/** Whoever got in before is no stranger. Milliseconds. */
const knownForMs = 30 * 86_400_000;

export const compromisedAccount = defineDetector({
  name,
  summary: 'an account that a stranger guesses at, and then uses',
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
  }),
  create({ fail_count, monit_period }, context) {
    const strangers = createLru<string, EvidenceWindow>(most);
    const successes = createAccountSuccesses(knownForMs);
    const keyOf = ({ source, account }: AuthenticationFailed | AuthenticationSucceeded) =>
      `${context.sourceOf(source.address)} ${account}`;

    return {
      observe(observation) {
        const { kind, proof, source: from, time } = observation;
        if (proof.level === 'asserted') return undefined;
        if (kind === 'authentication-failed' && !successes.has(observation)) {
          const key = keyOf(observation);
          const window = strangers.get(key) ?? createEvidenceWindow(monit_period, fail_count + 1);
          strangers.set(key, window);
          window.add(observation);
        }
        if (kind !== 'authentication-succeeded') return undefined;
        const window = strangers.get(keyOf(observation));
        strangers.delete(keyOf(observation));
        successes.add(observation);
        const failedLast = window?.fade()?.lastTime ?? Number.NEGATIVE_INFINITY;
        if (!window?.exceeds(fail_count) || time - failedLast >= monit_period) return undefined;
        const found = {
          attack: name,
          source: context.sourceOf(from.address),
          proof: 'proven',
          time,
        } as const;
        const detection = window.detection(found, 'failures before a success', fail_count);
        return { ...detection, isOnlyTold: true, isUrgent: true };
      },
      forget(source) {
        for (const key of strangers.keys()) if (key.startsWith(`${source} `)) strangers.delete(key);
      },
    };
  },
});
