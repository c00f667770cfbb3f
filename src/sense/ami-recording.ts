// A raw AMI recording (the bytes that a client received) -> observations, for replay. No clock, no connection.
import { createAmiReader } from '../asterisk/ami-reader.ts';
import type { Observation } from '../model/observation.ts';
import { observationsOf } from './ami-observations.ts';

export interface AmiRecordingReader {
  push(chunk: Buffer | string): void;
  end(): void;
  /** Messages read so far, of whatever kind. */
  messages(): number;
}

export function createAmiRecordingReader({
  emit,
  discard,
}: {
  emit(observations: readonly Observation[]): void;
  /** A constant reason. */
  discard(reason: string): void;
}): AmiRecordingReader {
  let messages = 0;
  const reader = createAmiReader({
    onDiscard: discard,
    onMessage(message) {
      messages += 1;
      if (message.tampered) discard('ami-event-tampered');
      const observations = observationsOf(message);
      if (observations.length > 0) emit(observations);
    },
  });
  return { push: reader.push, end: reader.end, messages: () => messages };
}
