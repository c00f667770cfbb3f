// A source that sent more than a stranger may. The kernel counted, and slows it already; here it becomes known.
import { z } from 'zod';
import { sourceOf } from '../model/address.ts';
import { type DetectorDefinition, defineDetector } from '../model/detection.ts';
import type { LimitName } from '../model/enforcer.ts';
import type { Observation } from '../model/observation.ts';
import { createThreshold } from './threshold.ts';

/** Excesses of one source this close together belong to one finding. Milliseconds. */
const togetherMs = 600_000;
/** The kernel counts whole /64s. */
const countedPrefix = 64;
const options = z.strictObject({});

export function defineLimitDetector<const Name extends string>(parts: {
  readonly name: Name;
  readonly limit: LimitName;
  readonly summary: string;
  /** What is counted: how often the source went over the limit. */
  readonly what: string;
}): DetectorDefinition<typeof options, Name> {
  const { name, limit, summary, what } = parts;
  return defineDetector({
    name,
    summary,
    watches: ['limit-exceeded'],
    options,
    create(_options, context) {
      const sourceOfExcess = ({ source }: Observation) => sourceOf(source.address, countedPrefix);
      const threshold = createThreshold({
        ...{ name, context, what, limit: 0, withinMs: togetherMs },
        sourceOf: sourceOfExcess,
      });
      return {
        observe(observation) {
          if (observation.kind !== 'limit-exceeded' || observation.limit !== limit) return undefined;
          const detection = threshold.observe(observation);
          return detection && { ...detection, limit };
        },
        forget: threshold.forget,
      };
    },
  });
}
