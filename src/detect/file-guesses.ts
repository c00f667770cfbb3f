// Of one source: how many different provisioning files it asked for that are not there, and how many it was given.
// Phones ask for optional files that nobody made, and get their own; whoever guesses names is given next to nothing.
import { z } from 'zod';
import type { Network } from '../model/address.ts';
import type { DetectorContext } from '../model/detection.ts';
import type { FileAnswered } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import { createDistinctValues, type DistinctValues } from './distinct-values.ts';
import { createEvidenceWindow, type EvidenceWindow } from './evidence-window.ts';
import { baseName } from './file-names.ts';
import { createSourceTable } from './source-table.ts';

/** Different names that are remembered of one source. With so many served it is an office, whatever else it asks for. */
const kept = { missing: 256, served: 64 } as const;

export const missingPerServedOption = z
  .int()
  .min(0)
  .max(100)
  .default(4)
  .describe(
    'Each different file that the source was given excuses so many missing ones, as phones ask for both.',
  );

export interface FileGuesses {
  readonly source: Network;
  /** Different missing files within the window. */
  count(time: Time): number;
  /** Whether there are more than `limit` missing files, and more than those that were served excuse. */
  exceeds(limit: number, time: Time): boolean;
  readonly window: EvidenceWindow;
}

export interface FileGuessesParts {
  /** The detector's name. */
  readonly name: string;
  readonly context: DetectorContext;
  readonly withinMs: number;
  readonly missingPerServed: number;
}

/** `add` gives the guesses of the source, this answer among them. */
export function createFileGuesses(parts: FileGuessesParts): {
  add(answered: FileAnswered): FileGuesses;
  forget(source: Network): void;
} {
  const { name, context, withinMs, missingPerServed } = parts;
  const sources = createSourceTable({
    name,
    context,
    create: () => ({
      missing: createDistinctValues(withinMs, kept.missing),
      served: createDistinctValues(withinMs, kept.served),
      window: createEvidenceWindow(withinMs, kept.served),
    }),
    // Nothing is left of it: which files they were is what counts.
    fade: () => undefined,
  });
  return {
    add({ file, answer, time, proof, source: from }) {
      const source = context.sourceOf(from.address);
      const guesses = sources.of(source, proof);
      guesses[answer].add(baseName(file), 'asserted', time);
      return { source, ...judged(guesses, missingPerServed) };
    },
    forget: sources.forget,
  };
}

function judged(
  { missing, served, window }: Record<FileAnswered['answer'], DistinctValues> & { window: EvidenceWindow },
  missingPerServed: number,
): Omit<FileGuesses, 'source'> {
  const count = (time: Time) => missing.count('asserted', time);
  return {
    window,
    count,
    exceeds: (limit, time) =>
      count(time) > Math.max(limit, missingPerServed * served.count('asserted', time)),
  };
}
