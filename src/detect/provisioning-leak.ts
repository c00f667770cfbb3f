// A provisioning file that was given to a source which guesses names: the passwords in it are known to a stranger now.
import { z } from 'zod';
import { defineDetector } from '../model/detection.ts';
import { durationOption } from '../model/options.ts';
import { createFileGuesses, missingPerServedOption } from './file-guesses.ts';

const name = 'provisioning-leak';

export const provisioningLeak = defineDetector({
  name,
  summary:
    'files that were given over TFTP to a source that had guessed names: change the passwords in them; only told',
  watches: ['file-answered'],
  options: z.strictObject({
    missing_count: z
      .int()
      .min(1)
      .max(200)
      .default(5)
      .describe('Whoever asked for more different missing files than that within monit_period has guessed.'),
    monit_period: durationOption('1h', { atMost: '1d' }).describe(
      'The time within which different files are counted.',
    ),
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
        if (answer !== 'served' || !guesses.exceeds(missing_count, time)) return undefined;
        guesses.window.add(observation);
        const found = { attack: name, source: guesses.source, proof: proof.level, time };
        const detection = guesses.window.detection(found, 'files given to a guesser', 0);
        return { ...detection, isOnlyTold: true, isUrgent: true };
      },
      forget: sources.forget,
    };
  },
});
