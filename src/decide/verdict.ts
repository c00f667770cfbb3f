// What a detection calls for, and what has to be asked to tell.
import type { Network } from '../model/address.ts';
import type { Action, StalePhone } from '../model/decision.ts';
import type { LimitName, SourcePort } from '../model/enforcer.ts';
import type { Time } from '../model/time.ts';
import type { ExpulsionOptions } from './expulsion-options.ts';
import type { Protection } from './protection.ts';
import type { Shield } from './shield.ts';
import type { ShieldOptions } from './shield-options.ts';

export interface Verdict {
  readonly action: Action;
  readonly target: Network;
  readonly port?: SourcePort;
  readonly limit?: LimitName;
  readonly phone?: StalePhone;
  readonly reason: string;
}

export interface VerdictParts {
  readonly protection: Protection;
  readonly shield: Shield;
  readonly options: () => ShieldOptions;
  readonly expulsionOptions: () => ExpulsionOptions;
  /** Different ports of the address that were blocked within `held_window`. */
  readonly recentPortBans: (address: Network, now: Time) => number;
  /** A person was asked about this address already: the question stands, or was answered with no. */
  readonly isAsked: (address: Network, now: Time) => boolean;
  readonly isPortBlocked: (address: Network, port: SourcePort, now: Time) => boolean;
}
