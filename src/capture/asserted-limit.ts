// Keeps a flood of forged requests from becoming a flood of observations. What is proven always passes.
import type { Time } from '../model/time.ts';
import type { Emit } from './sip-exchange.ts';

const perMs = 2;
const burst = 4_000;
/** Packets of two interfaces may be this much out of order; a clock that goes back further was set. */
const disorderMs = 1_000;

export interface AssertedLimit {
  readonly emit: Emit;
  advance(time: Time): void;
}

/** A token bucket: 2,000 asserted observations a second, 4,000 at once. `onShed` hears of each that finds it empty. */
export function createAssertedLimit(emit: Emit, onShed: () => void): AssertedLimit {
  let tokens = burst;
  let filledAt = Number.NEGATIVE_INFINITY;
  return {
    emit(observation) {
      if (observation.proof.level === 'asserted') {
        if (tokens < 1) return onShed();
        tokens -= 1;
      }
      emit(observation);
    },
    advance(time) {
      if (time > filledAt) tokens = Math.min(burst, tokens + (time - filledAt) * perMs);
      if (time > filledAt || time < filledAt - disorderMs) filledAt = time;
    },
  };
}
