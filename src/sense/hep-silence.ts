// Notices that the PBX mirrors nothing, or no longer, by what the other sensors hear it answer meanwhile.
import type { Observation, ObservationKind } from '../model/observation.ts';
import type { Time } from '../model/time.ts';

export interface MirrorSilence {
  /** Messages were mirrored just now. */
  heard(): void;
  /** What the other sensors saw. */
  witness(observations: readonly Observation[]): void;
  lastHeard(): Time | undefined;
}

export interface MirrorSilenceParts {
  readonly now: () => Time;
  onSilent(): void;
  onHeard(): void;
}

/** Counters come every five seconds. Milliseconds. */
const quietMs = 30_000;
/** One may be of another channel driver, whose messages are not mirrored. */
const witnessesNeeded = 3;
/** What only a PBX that answered can have made. */
const answered = new Set<ObservationKind>([
  'authentication-failed',
  'authentication-succeeded',
  'account-probed',
]);

export function createMirrorSilence({ now, onSilent, onHeard }: MirrorSilenceParts): MirrorSilence {
  let quietSince = now();
  let lastHeard: Time | undefined;
  let witnesses = 0;
  return {
    heard() {
      lastHeard = now();
      quietSince = lastHeard;
      if (witnesses >= witnessesNeeded) onHeard();
      witnesses = 0;
    },
    witness(observations) {
      if (witnesses >= witnessesNeeded || now() - quietSince < quietMs) return;
      witnesses += observations.filter(({ kind }) => answered.has(kind)).length;
      if (witnesses >= witnessesNeeded) onSilent();
    },
    lastHeard: () => lastHeard,
  };
}
