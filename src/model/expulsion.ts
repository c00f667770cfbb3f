// Proven offenders whom the PBX itself puts out: their calls are hung up, their registrations removed.
import type { Address, Network } from './address.ts';
import type { Time } from './time.ts';

export interface Expulsion {
  readonly target: Network;
  /** The attack whose record tells what was done; absent for one that was remembered over a restart. */
  readonly attackId?: string;
}

/** Asked anew for each call and each registration, so that what a person undoes is undone at once. */
export interface Expelled {
  /** Whether there is anybody to look for. */
  isAny(): boolean;
  /** Whoever called from this address, if his call is to be hung up. */
  caller(address: Address): Expulsion | undefined;
  /** Whoever registered under this Call-ID, if that contact is to be removed. */
  registrant(callId: string): Expulsion | undefined;
  /** It was done, or tried. */
  acted(expulsion: Expulsion, act: PbxAct): void;
}

export const pbxActKinds = ['hang-up', 'remove-contact'] as const;

/** What was done at the PBX, or tried. */
export interface PbxAct {
  readonly time: Time;
  readonly kind: (typeof pbxActKinds)[number];
  /** The channel, or the address of record. */
  readonly subject: string;
  /** Why it could not be done; a stranger's text is not in it. */
  readonly problem?: string;
}

/** What was done at the PBX, in one line. */
export function describeAct({ kind, subject, problem }: PbxAct): string {
  const done = kind === 'hang-up' ? `call ${subject}` : `registration of ${subject}`;
  if (problem !== undefined) return `${done} could not be ended: ${problem}`;
  return kind === 'hang-up' ? `${done} was hung up` : `${done} was removed`;
}
