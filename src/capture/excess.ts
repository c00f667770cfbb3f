// A packet that the kernel logged because its source is over a limit, and what that says.
import type { LimitName } from '../model/enforcer.ts';
import { asserted, type LimitExceeded } from '../model/observation.ts';
import type { WireMessage } from './packet.ts';

export interface Excess extends Pick<WireMessage, 'time' | 'transport' | 'source' | 'destination'> {
  readonly limit: LimitName;
}

export function observationOf({ destination: local, ...excess }: Excess): LimitExceeded {
  return { ...excess, kind: 'limit-exceeded', sensor: 'packets', local, proof: asserted, messages: 1 };
}
