// Password guessing: too many failed authentications from one source (mission M3; sipPROT's own option names).
import { z } from 'zod';
import { defineDetector } from '../model/detection.ts';
import { durationOption } from '../model/options.ts';
import { createFastAndSlow } from './threshold.ts';

const name = 'registration-bruteforce';

export const registrationBruteforce = defineDetector({
  name,
  summary: 'failed registrations and other failed authentications from one source',
  watches: ['authentication-failed'],
  options: z.strictObject({
    hit_count: z
      .int()
      .min(1)
      .max(1_000)
      .default(10)
      .describe(
        'So many failed authentications are forgiven; the next one within monit_period is an attack.',
      ),
    monit_period: durationOption('10m').describe('The time within which failed authentications are counted.'),
    slow_hit_count: z
      .int()
      .min(1)
      .max(10_000)
      .default(50)
      .describe('The same for whoever is patient: so many are forgiven within slow_monit_period.'),
    slow_monit_period: durationOption('24h', { atMost: '1d' }).describe(
      'The time within which a patient guesser is counted. IPv6 addresses of one /48 are one source here.',
    ),
  }),
  create: ({ hit_count, monit_period, slow_hit_count, slow_monit_period }, context) =>
    createFastAndSlow(
      { name, context, what: 'failed authentications' },
      { limit: hit_count, withinMs: monit_period },
      { limit: slow_hit_count, withinMs: slow_monit_period },
    ),
});
