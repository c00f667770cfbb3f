// What a person orders becomes a decision, as a detection does.
import type { Network } from '../model/address.ts';
import type { Decision } from '../model/decision.ts';
import type { BlastRadius } from '../model/shield-entry.ts';
import type { Time } from '../model/time.ts';

/** A ban, of a target or of a decision that was held for him. */
export interface BanOrder {
  readonly target: Network;
  readonly time: Time;
  readonly until: Time;
  readonly by: string;
  readonly note: string;
}

export function orderedBan(
  { target, time, until, by, note }: BanOrder,
  behind: BlastRadius,
  id: string,
): Decision {
  return {
    id,
    time,
    target,
    action: 'ban',
    until,
    cause: { kind: 'manual', by, note },
    reason: note || `ordered by ${by}`,
    ...(behind.names.length > 0 && { behind }),
    offence: 1,
    enforced: true,
  };
}
