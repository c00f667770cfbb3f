// What no SIP peer sends, to a SIP port: fuzzers, port scanners and tools that are badly made. A broken phone sends
// some of it too, so few of them are forgiven.
import { z } from 'zod';
import { defineDetector } from '../model/detection.ts';
import { durationOption } from '../model/options.ts';
import { createThreshold } from './threshold.ts';

const name = 'malformed-sip';

export const malformedSip = defineDetector({
  name,
  summary: 'messages to SIP ports that no SIP peer sends, from one source',
  watches: ['malformed-message'],
  options: z.strictObject({
    malformed_count: z
      .int()
      .min(1)
      .max(1_000)
      .default(30)
      .describe(
        'So many are forgiven, as a broken phone sends them; the next one within monit_period is an attack.',
      ),
    monit_period: durationOption('1m').describe('The time within which malformed messages are counted.'),
  }),
  create: ({ malformed_count, monit_period }, context) =>
    createThreshold({
      ...{ name, context, what: 'malformed messages', limit: malformed_count, withinMs: monit_period },
    }),
});
