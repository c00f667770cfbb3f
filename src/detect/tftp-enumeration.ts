// Guessing the names of provisioning files, which hold the phones' passwords: many different ones that are not there.
import { z } from 'zod';
import { defineDetector } from '../model/detection.ts';
import { durationOption } from '../model/options.ts';
import { createFileGuesses, missingPerServedOption } from './file-guesses.ts';

const name = 'tftp-enumeration';

export const tftpEnumeration = defineDetector({
  name,
  summary: 'many different files that are not there, asked for over TFTP from one source',
  watches: ['file-answered'],
  options: z.strictObject({
    missing_count: z
      .int()
      .min(1)
      .max(200)
      .default(20)
      .describe('So many different missing files are forgiven; one more within monit_period is an attack.'),
    monit_period: durationOption('10m').describe('The time within which different files are counted.'),
    missing_per_served: missingPerServedOption,
  }),
  create({ missing_count, monit_period, missing_per_served }, context) {
    const sources = createFileGuesses({
      ...{ name, context, withinMs: monit_period, missingPerServed: missing_per_served },
    });
    return {
      observe(observation) {
        if (observation.kind !== 'file-answered') return undefined;
        const { proof, time, answer } = observation;
        const guesses = sources.add(observation);
        if (answer !== 'missing') return undefined;
        guesses.window.add(observation);
        if (!guesses.exceeds(missing_count, time)) return undefined;
        const found = { attack: name, source: guesses.source, proof: proof.level, time };
        const count = guesses.count(time);
        return guesses.window.detection(found, 'different missing files', missing_count, { count });
      },
      forget: sources.forget,
    };
  },
});
