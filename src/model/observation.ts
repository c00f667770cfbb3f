// What a sensor saw. Addresses come from the packet or the transport; every text field was written by a stranger.
import type { Peer } from './address.ts';
import type { LimitName } from './enforcer.ts';
import type { SignatureConfidence, SignatureField } from './signature.ts';
import type { Time } from './time.ts';

export const sensorNames = ['packets', 'ami', 'hep'] as const;
export type SensorName = (typeof sensorNames)[number];

export const transports = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const;
export type Transport = (typeof transports)[number];

/** Longest text of a remote party that travels inside sipwarden, in characters; the sensors cut it. */
export const foreignTextLimit = 128;

/**
 * What one piece of evidence says about its source address (never about the address as such).
 * `proven`: the very request that made it echoed something only the holder of the address could know.
 */
export type Proof =
  | { readonly level: 'asserted' }
  | {
      readonly level: 'proven';
      readonly by: ProofRung;
      readonly seenBy: SensorName;
      readonly time: Time;
      /** Until when the same echo proves a further request; absent for a connection, which proves while it stands. */
      readonly until?: Time;
    };

/**
 * `nonce-echo`: a nonce that we saw leave to that address. `dialog-tag`: a To-tag that we made at random and saw leave
 * to it. `connection`: TCP, TLS, WS, WSS. `vouched`: a program whose reports the administrator trusts said so.
 */
export const proofRungs = ['nonce-echo', 'dialog-tag', 'connection', 'vouched'] as const;
export type ProofRung = (typeof proofRungs)[number];

export const asserted: Proof = { level: 'asserted' };

interface Seen {
  readonly time: Time;
  readonly sensor: SensorName;
  readonly transport: Transport;
  readonly source: Peer;
  /** The address and port of ours that was addressed: the victim. */
  readonly local: Peer;
  readonly proof: Proof;
  /** Call-ID (AMI: SessionID). Links evidence for people to read; never joins or deduplicates. */
  readonly callId?: string;
  /** How many messages this observation stands for; at least 1. */
  readonly messages: number;
}

/** A request matched a scanner signature. */
export interface SignatureMatch extends Seen {
  readonly kind: 'signature-match';
  /** Its name. */
  readonly signature: string;
  readonly field: SignatureField;
  readonly confidence: SignatureConfidence;
  readonly value: string;
}

/** One failed guess: our 401/403 to a request with credentials, or one `ChallengeResponseFailed`. */
export interface AuthenticationFailed extends Seen {
  readonly kind: 'authentication-failed';
  readonly account: string;
  /** The nonce that the request echoed: proof is looked up by (address, nonce). */
  readonly nonce?: string;
  /** The echoed nonce was never issued by us (only a sensor that sees our answers can say so). */
  readonly nonceNeverIssued?: boolean;
  /** With our 403, which leaves open whether the password was wrong: what the request proves of its source if it was. */
  readonly proofIfWrong?: Proof;
  /** The PBX itself says that the password was wrong (chan_sip's `InvalidPassword`, which it answers by 403). */
  readonly isWrongPassword?: true;
  readonly userAgent?: string;
}

/** A request with right credentials: our 2xx to it, or `SuccessfulAuth` with `UsingPassword` 1. */
export interface AuthenticationSucceeded extends Seen {
  readonly kind: 'authentication-succeeded';
  readonly account: string;
  readonly method?: string;
  readonly nonce?: string;
  /** Until when our own 2xx to a REGISTER says that the registration holds; the time itself where it was ended. */
  readonly registeredUntil?: Time;
}

/** An account was tried without credentials and nobody followed up: unknown to the PBX, or a challenge left unanswered. */
export interface AccountProbed extends Seen {
  readonly kind: 'account-probed';
  readonly account: string;
  readonly because: 'unknown-account' | 'unanswered-challenge';
}

/** Somebody wants to begin a call: an INVITE outside a dialog, whatever becomes of it. */
export interface CallAttempted extends Seen {
  readonly kind: 'call-attempted';
  /** Whom the caller says he is. */
  readonly account: string;
  /** What was dialled, as it was written. */
  readonly number: string;
}

/** What was sent to a SIP port and is no SIP message that a peer sends. No keep-alive, STUN, TLS or WebSocket is meant. */
export interface MalformedMessage extends Seen {
  readonly kind: 'malformed-message';
  readonly problem: MalformedProblem;
}

/** `missing-header`, `broken-header`: of those without which no request can be answered (RFC 3261 §8.1.1). */
export const malformedProblems = ['not-sip', 'missing-header', 'broken-header'] as const;
export type MalformedProblem = (typeof malformedProblems)[number];

/** Our answer to a request from `source` left to another address. */
export interface AnswerDiverted extends Seen {
  readonly kind: 'answer-diverted';
  readonly divertedTo: Peer;
}

/** A request that makes Asterisk write into its events what it does not mean to. */
export interface EventTampered extends Seen {
  readonly kind: 'event-tampered';
  readonly account: string;
}

/** A wrong name or password at the manager interface or another way to rule the PBX. */
export interface ManagementLoginFailed extends Seen {
  readonly kind: 'management-login-failed';
  readonly account: string;
  /** Asterisk's name of what was knocked at, such as `AMI`. */
  readonly service: string;
}

/** Another program on the PBX says that an address abuses it. Port 0: nobody said which. */
export interface AbuseReported extends Seen {
  readonly kind: 'abuse-reported';
  readonly reason: string;
}

/** Somebody asks for a file over TFTP. */
export interface FileRequested extends Seen {
  readonly kind: 'file-requested';
  readonly file: string;
}

/** What our TFTP server answered to a request of `source`: there is no such file, or its first block. */
export interface FileAnswered extends Seen {
  readonly kind: 'file-answered';
  readonly file: string;
  readonly answer: FileAnswer;
}

export const fileAnswers = ['missing', 'served'] as const;
export type FileAnswer = (typeof fileAnswers)[number];

/** A source sent more than a stranger may, and the kernel slows it. */
export interface LimitExceeded extends Seen {
  readonly kind: 'limit-exceeded';
  readonly limit: LimitName;
}

export type Observation =
  | SignatureMatch
  | AuthenticationFailed
  | AuthenticationSucceeded
  | AccountProbed
  | CallAttempted
  | LimitExceeded
  | MalformedMessage
  | AnswerDiverted
  | EventTampered
  | ManagementLoginFailed
  | AbuseReported
  | FileRequested
  | FileAnswered;
export type ObservationKind = Observation['kind'];
