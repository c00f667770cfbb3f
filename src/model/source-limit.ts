// A limit that a person gave a single source: more, or less, than a stranger may send.
import type { Network } from './address.ts';
import type { LimitName } from './enforcer.ts';
import type { Time } from './time.ts';

export interface SourceLimit {
  readonly target: Network;
  readonly note: string;
  readonly author: string;
  readonly time: Time;
  readonly limit: LimitName;
  /** Of INVITEs, of TFTP requests, or of packets of any kind. A network shares it. */
  readonly perMinute: number;
}
