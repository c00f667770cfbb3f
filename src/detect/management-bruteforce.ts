// Guessing the way in to the manager interface, which rules the PBX. It listens on loopback where all is well, and
// whoever fails from there is a program of this machine with an old password.
import { z } from 'zod';
import { isReserved } from '../model/address.ts';
import { defineDetector } from '../model/detection.ts';
import { durationOption } from '../model/options.ts';
import { createThreshold } from './threshold.ts';

const name = 'management-bruteforce';

export const managementBruteforce = defineDetector({
  name,
  summary: "failed logins to Asterisk's manager interface from one source",
  watches: ['management-login-failed'],
  options: z.strictObject({
    hit_count: z
      .int()
      .min(1)
      .max(1_000)
      .default(5)
      .describe('So many failed logins are forgiven; the next one within monit_period is an attack.'),
    monit_period: durationOption('10m').describe('The time within which failed logins are counted.'),
  }),
  create({ hit_count, monit_period }, context) {
    const threshold = createThreshold({
      ...{ name, context, what: 'failed logins', limit: hit_count, withinMs: monit_period },
    });
    return {
      observe: (observation) =>
        isReserved(observation.source.address) ? undefined : threshold.observe(observation),
      forget: threshold.forget,
    };
  },
});
