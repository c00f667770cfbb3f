// A source that sent more than a stranger may. The kernel counted, and slows it already; here it becomes known.
import { z } from 'zod';
import { sourceOf } from '../model/address.ts';
import { type DetectorDefinition, defineDetector } from '../model/detection.ts';
import type { LimitName } from '../model/enforcer.ts';
import { createEvidenceWindow } from './evidence-window.ts';
import { createSourceTable } from './source-table.ts';

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
    create() {
      const sources = createSourceTable(() => createEvidenceWindow(togetherMs, 1));
      return {
        observe(observation) {
          if (observation.kind !== 'limit-exceeded' || observation.limit !== limit) return undefined;
          const source = sourceOf(observation.source.address, countedPrefix);
          const window = sources.of(source);
          window.add(observation);
          const found = { attack: name, source, proof: 'asserted', time: observation.time } as const;
          return { ...window.detection(found, what, 0), limit };
        },
        forget: sources.forget,
      };
    },
  });
}
