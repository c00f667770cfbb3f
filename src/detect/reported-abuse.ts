// Addresses that other programs of the PBX report. What a report is worth the sensor says; here they are counted.
import { z } from 'zod';
import { defineDetector } from '../model/detection.ts';
import { durationOption } from '../model/options.ts';
import { createThreshold } from './threshold.ts';

const name = 'reported-abuse';

export const reportedAbuse = defineDetector({
  name,
  summary: 'addresses that other AMI clients or the dialplan report; heard only where [ami] reports says so',
  watches: ['abuse-reported'],
  options: z.strictObject({
    hit_count: z
      .int()
      .min(0)
      .max(1_000)
      .default(0)
      .describe(
        'So many reports of one address are forgiven; the next one within monit_period is an attack.',
      ),
    monit_period: durationOption('10m').describe('The time within which reports are counted.'),
  }),
  create({ hit_count, monit_period }, context) {
    return createThreshold({ name, context, what: 'reports', limit: hit_count, withinMs: monit_period });
  },
});
