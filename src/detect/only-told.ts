// Detectors of what must be known at once, while who did it stays uncertain: one is enough, and nobody is blocked for it.
import { z } from 'zod';
import { type DetectorDefinition, defineDetector } from '../model/detection.ts';
import type { ObservationKind } from '../model/observation.ts';
import { createThreshold } from './threshold.ts';

/** What comes this close together belongs to one finding. Milliseconds. */
const togetherMs = 600_000;
const options = z.strictObject({});

export function defineOnlyTold<const Name extends string>(parts: {
  readonly name: Name;
  readonly watches: ObservationKind;
  readonly summary: string;
  readonly what: string;
}): DetectorDefinition<typeof options, Name> {
  const { name, watches, summary, what } = parts;
  return defineDetector({
    name,
    summary,
    watches: [watches],
    options,
    create(_options, context) {
      const threshold = createThreshold({ name, context, what, limit: 0, withinMs: togetherMs });
      return {
        observe(observation) {
          const detection = threshold.observe(observation);
          return detection && { ...detection, isOnlyTold: true };
        },
        forget: threshold.forget,
      };
    },
  });
}
