// The record that a person reads: the detections of one source and one kind, grouped while they go on.
import type { Network, Peer } from './address.ts';
import type { Action } from './decision.ts';
import type { Evidence, ProofLevel } from './detection.ts';
import type { PbxAct } from './expulsion.ts';
import type { Origin } from './geography.ts';
import type { Time } from './time.ts';

export interface Attack extends Origin {
  readonly id: string;
  readonly source: Network;
  readonly attack: string;
  /** The strongest proof so far. */
  readonly proof: ProofLevel;
  readonly firstTime: Time;
  readonly lastTime: Time;
  /** Messages that count as evidence; joined over the sensors, so one message seen twice counts once. */
  readonly messages: number;
  readonly victims: readonly Peer[];
  readonly evidence: Evidence;
  /** What was decided about it last, and until when. */
  readonly action: Action;
  readonly until?: Time;
  readonly reason: string;
  /** What was done at the PBX because of it, the oldest first; bounded. */
  readonly acts?: readonly PbxAct[];
}
