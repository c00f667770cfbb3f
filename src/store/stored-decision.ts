// A decision as the store gives it back.
import type { Decision } from '../model/decision.ts';
import type { Time } from '../model/time.ts';

export interface StoredDecision extends Decision {
  /** A person ended it before its time. */
  readonly ended?: { readonly time: Time; readonly by: string };
}
