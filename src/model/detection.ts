// A detector's finding: who, what, on which evidence, and what that evidence proves. It knows nothing of ban times.
import type { z } from 'zod';
import type { Address, Network, Peer } from './address.ts';
import type { LimitName } from './enforcer.ts';
import type { Geography } from './geography.ts';
import type { Observation, ObservationKind, Proof, ProofRung, SensorName, Transport } from './observation.ts';
import type { Time } from './time.ts';

export type ProofLevel = Proof['level'];

/** One rung of the proof ladder, as far as the evidence climbed it. */
export interface ProofSeen {
  readonly by: ProofRung;
  readonly seenBy: SensorName;
  readonly messages: number;
  readonly firstTime: Time;
  readonly lastTime: Time;
  /** Until when the last echo proves more; absent for a connection. */
  readonly until?: Time;
}

/** Where messages came from, to the port. */
export interface Endpoint extends Peer {
  readonly transport: Transport;
}

/** One piece of proven evidence: enough to tell apart who is behind a shared address. Text is a stranger's. */
export interface Attempt {
  readonly time: Time;
  readonly sensor: SensorName;
  readonly from: Endpoint;
  readonly messages: number;
  readonly account?: string;
  readonly userAgent?: string;
}

/** What a person may read about why. Every string in it was written by a stranger and is cut by the sensors. */
export interface Evidence {
  /** What was counted, in the words of the detector's own options. */
  readonly counted: {
    readonly what: string;
    readonly count: number;
    readonly limit: number;
    readonly withinMs: number;
  };
  /** Messages by sensor. */
  readonly sensors: Partial<Record<SensorName, number>>;
  readonly transports: readonly Transport[];
  readonly accounts: readonly string[];
  readonly values: readonly string[];
  readonly callIds: readonly string[];
  readonly userAgents: readonly string[];
  /** Messages that echo a nonce which was never issued. */
  readonly inventedNonces: number;
  /** Empty where one forged packet each could have made all of it. */
  readonly proofs: readonly ProofSeen[];
}

export interface Detection {
  readonly attack: string;
  /** The address, or the IPv6 network, that is counted as one source. */
  readonly source: Network;
  readonly proof: ProofLevel;
  readonly time: Time;
  /** First evidence that is inside the window. */
  readonly firstTime: Time;
  /** Messages of this source that count as evidence since it was last quiet, joined over the sensors. */
  readonly messages: number;
  readonly victims: readonly Peer[];
  /** The latest proven evidence inside the window, the oldest first; bounded. */
  readonly attempts: readonly Attempt[];
  readonly evidence: Evidence;
  /** What the kernel lets such a source send: it is slowed, and never banned for it. */
  readonly limit?: LimitName;
  /** Nobody is blocked for it, whoever it is. */
  readonly isOnlyTold?: true;
  /** It got in: nobody is blocked for it, but a stranger is put out of the PBX again. */
  readonly isIntrusion?: true;
  /** A person must know of it at once. */
  readonly isUrgent?: true;
}

/** What is left of a source whose evidence had to make room: messages, first and last when. */
export interface Faded {
  readonly count: number;
  readonly firstTime: Time;
  readonly lastTime: Time;
}

/** Bounded; by the detector's name and the source. */
export interface FadedCounts {
  put(key: string, faded: Faded): void;
  /** Gives it back, to whole seconds, and forgets it. */
  take(key: string): Faded | undefined;
}

/** What a detector is given besides its own options. */
export interface DetectorContext {
  readonly faded: FadedCounts;
  readonly geography: Geography;
  /** What an address is counted as: itself, or its IPv6 network. */
  sourceOf(address: Address): Network;
  /** The same over hours: whoever has an IPv6 network changes address and /64 at will. */
  networkOf(address: Address): Network;
}

export interface DetectorDefinition<Options extends z.ZodObject = z.ZodObject, Name extends string = string> {
  /** The attack's name: the same in file name, configuration key, log, database and metrics. */
  readonly name: Name;
  readonly watches: readonly ObservationKind[];
  readonly options: Options;
  /** What it finds, in one sentence for an administrator. */
  readonly summary: string;
  create(options: z.infer<Options>, context: DetectorContext): Detector;
}

/** Pure: no clock, no I/O. Time comes with the observation, so a recording replays to the same answer. */
export interface Detector {
  observe(observation: Observation): Detection | undefined;
  /** Starts afresh with a source: an administrator has unbanned it. */
  forget(source: Network): void;
}

/** Keeps the name and the options' type, from which the configuration's type is made. */
export function defineDetector<Options extends z.ZodObject, const Name extends string>(
  definition: DetectorDefinition<Options, Name>,
): DetectorDefinition<Options, Name> {
  return definition;
}
