// What most detectors are: more than so many messages of one source within a time.
import type { Network } from '../model/address.ts';
import type { Detector, DetectorContext } from '../model/detection.ts';
import type { Observation } from '../model/observation.ts';
import { createEvidenceWindow, type EvidenceWindow } from './evidence-window.ts';
import { createSourceTable, type SourceTable } from './source-table.ts';

export interface WindowParts {
  /** The detector's name; the attack's too. */
  readonly name: string;
  readonly context: DetectorContext;
  readonly withinMs: number;
  /** So many messages are forgiven. */
  readonly limit: number;
}

export interface ThresholdParts extends WindowParts {
  /** What is counted, as a person reads it. */
  readonly what: string;
  /** What counts as one source; the context's `sourceOf` where nothing is said. */
  sourceOf?(observation: Observation): Network;
}

/** Windows of evidence, one for each source. */
export function createWindows({ name, context, withinMs, limit }: WindowParts): SourceTable<EvidenceWindow> {
  return createSourceTable({
    name: `${name} ${withinMs}`,
    context,
    create: (before) => createEvidenceWindow(withinMs, limit + 1, before),
    fade: (window) => window.fade(),
  });
}

export function createThreshold(parts: ThresholdParts): Detector {
  const { name, context, limit, what } = parts;
  const sourceOf = parts.sourceOf ?? (({ source }) => context.sourceOf(source.address));
  const windows = createWindows(parts);
  return {
    observe(observation) {
      const source = sourceOf(observation);
      const window = windows.of(source, observation.proof);
      window.add(observation);
      const proof = window.exceeds(limit);
      if (!proof) return undefined;
      return window.detection({ attack: name, source, proof, time: observation.time }, what, limit);
    },
    forget: windows.forget,
  };
}

type Amount = Pick<WindowParts, 'limit' | 'withinMs'>;

/** Two thresholds: for whoever is fast, and for whoever is patient, whose IPv6 network over hours is one source. */
export function createFastAndSlow(
  common: Pick<ThresholdParts, 'name' | 'context' | 'what'>,
  fast: Amount,
  slow: Amount,
): Detector {
  const { context } = common;
  const sourceOf = ({ source }: Observation) => context.networkOf(source.address);
  return anyOf([createThreshold({ ...common, ...fast }), createThreshold({ ...common, ...slow, sourceOf })]);
}

/** Each is asked; the strongest finding counts, and of equal ones the first. */
function anyOf(thresholds: readonly Detector[]): Detector {
  return {
    observe(observation) {
      const found = thresholds.flatMap((threshold) => threshold.observe(observation) ?? []);
      return found.find(({ proof }) => proof === 'proven') ?? found[0];
    },
    forget(source) {
      for (const threshold of thresholds) threshold.forget(source);
    },
  };
}
