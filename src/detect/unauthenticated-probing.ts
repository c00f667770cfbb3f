// Requests of any kind that never authenticate (OPTIONS, REGISTER, INVITE, SUBSCRIBE ...), from one source: a look at
// the PBX before the attack, fast or over a day.
import { z } from 'zod';
import { defineDetector } from '../model/detection.ts';
import { durationOption } from '../model/options.ts';
import { createAccountSuccesses } from './account-successes.ts';
import { createFastAndSlow } from './threshold.ts';

const name = 'unauthenticated-probing';

export const unauthenticatedProbing = defineDetector({
  name,
  summary: 'requests without credentials from one source that never authenticates',
  watches: ['account-probed', 'authentication-succeeded'],
  options: z.strictObject({
    probe_count: z
      .int()
      .min(1)
      .max(10_000)
      .default(50)
      .describe('So many are forgiven; the next one within monit_period is an attack.'),
    monit_period: durationOption('1h').describe('The time within which they are counted.'),
    slow_probe_count: z
      .int()
      .min(1)
      .max(10_000)
      .default(100)
      .describe('The same for whoever is patient: so many are forgiven within slow_monit_period.'),
    slow_monit_period: durationOption('24h', { atMost: '1d' }).describe(
      'The time within which a patient source is counted. IPv6 addresses of one /48 are one source here.',
    ),
  }),
  create({ probe_count, monit_period, slow_probe_count, slow_monit_period }, context) {
    const thresholds = createFastAndSlow(
      { name, context, what: 'requests that never authenticated' },
      { limit: probe_count, withinMs: monit_period },
      { limit: slow_probe_count, withinMs: slow_monit_period },
    );
    const successes = createAccountSuccesses(slow_monit_period);
    return {
      observe(observation) {
        if (observation.kind === 'authentication-succeeded') successes.add(observation);
        if (observation.kind !== 'account-probed' || successes.has(observation)) return undefined;
        return thresholds.observe(observation);
      },
      forget: thresholds.forget,
    };
  },
});
