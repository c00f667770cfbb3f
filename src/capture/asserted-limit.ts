// Keeps a flood of forged requests from becoming a flood of observations. What is proven always passes.
import type { Time } from '../model/time.ts';
import type { Emit } from './sip-exchange.ts';

const perSecond = 2_000;
const burst = 4_000;

/** A token bucket in event time. `onShed` is called for each asserted observation that finds it empty. */
export function limitAsserted(emit: Emit, onShed: () => void): (observation: Parameters<Emit>[0], now: Time) => void {
  let tokens = burst;
  let filledAt = Number.NEGATIVE_INFINITY;
  return (observation, now) => {
    if (observation.proof.level !== 'asserted') return emit(observation);
    if (now > filledAt) tokens = Math.min(burst, tokens + ((now - filledAt) / 1_000) * perSecond);
    filledAt = now;
    if (tokens < 1) return onShed();
    tokens -= 1;
    emit(observation);
  };
}
