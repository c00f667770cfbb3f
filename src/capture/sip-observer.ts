// Turns SIP messages into observations: scanners, guesses, probes, and what each proves about its source address.
// Addresses come from the packets alone, time from the messages; nothing is decided here.
import { hash } from 'node:crypto';
import type { Address } from '../model/address.ts';
import { asserted, type Observation, type Proof } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import { createAccountProbes } from './account-probes.ts';
import { createAssertedLimit } from './asserted-limit.ts';
import { readDigest } from './digest.ts';
import { createFingerprintTable } from './fingerprint-table.ts';
import { ownText } from './foreign-text.ts';
import { createLoginAttempts } from './login-attempts.ts';
import type { WireMessage } from './packet.ts';
import type { CaptureSettings } from './protocol.ts';
import { createSignatureMatcher } from './signature-matcher.ts';
import { createSignatureSightings } from './signature-sightings.ts';
import { userOf } from './sip-address.ts';
import { readSequence, type Seen, type Sequence } from './sip-exchange.ts';
import { allHeaderBytes, headerBytes, headerText, methodOf, type SipScan, scanSip } from './sip-scan.ts';

export interface SipObserver {
  message(message: WireMessage): void;
  /** Judges what has run out of time; needed where no message comes. */
  advance(time: Time): void;
  /** Tells what is held back. A challenge whose time is not over yet is no probe. */
  end(): void;
  /** Throws SIGNATURE_INVALID and leaves all as it was. */
  configure(settings: CaptureSettings): void;
  nextDeadline(): Time | undefined;
}

export interface SipObserverOptions {
  emit(observation: Observation): void;
  count(reason: string): void;
  /** Where the messages come from. */
  readonly seenBy?: 'packets' | 'hep';
}

/** Asterisk asks for no credentials with these, so their answer judges none. */
const unchallenged = new Set(['ACK', 'BYE', 'CANCEL']);
/** Entries of the tables of nonces that we sent, and of Call-IDs that we were asked under; 16 bytes each. */
const nonceSlots = 2 ** 20;
const callSlots = 2 ** 17;

/** Throws SIGNATURE_INVALID. */
export function createSipObserver(
  settings: CaptureSettings,
  { emit, count, seenBy = 'packets' }: SipObserverOptions,
): SipObserver {
  let { answerWithinMs, nonceLifetimeMs } = settings;
  let matchSignature = createSignatureMatcher(settings.userAgents);
  let listeningSince: Time | undefined;
  const nonces = createFingerprintTable(nonceSlots);
  const calls = createFingerprintTable(callSlots);
  const limit = createAssertedLimit(emit, () => count('shed: asserted observations'));
  const sightings = createSignatureSightings(limit.emit);
  const attempts = createLoginAttempts(limit.emit, count);
  const probes = createAccountProbes(limit.emit, count);

  function advance(time: Time): void {
    limit.advance(time);
    sightings.advance(time);
    probes.advance(time);
  }

  function request(message: WireMessage, sip: SipScan): void {
    const { time, transport, source, destination: local } = message;
    const callId = headerText(sip, 'call-id');
    calls.remember(source.address, callId, time);
    const credentials = readCredentials(message, sip);
    const echo = credentials.find(({ isOurs }) => isOurs);
    const userAgent = headerText(sip, 'user-agent');
    const signature = userAgent === '' ? undefined : matchSignature(userAgent);
    if (signature === undefined && credentials.length === 0) return;
    const proof = proofOf(message, echo !== undefined);
    const seen = { time, sensor: seenBy, transport, source, local, proof, ...named(callId), messages: 1 };
    if (signature !== undefined) {
      sightings.see({ ...seen, kind: 'signature-match', signature, field: 'user-agent', value: userAgent });
    }
    const chosen = echo ?? credentials[0];
    const method = methodOf(sip);
    if (!chosen || unchallenged.has(method)) return;
    const caller = ownText(userOf(headerBytes(sip, 'from')));
    probes.settle(source.address, caller);
    for (const { username } of credentials) {
      if (username !== caller) probes.settle(source.address, username);
    }
    attempts.request(exchangeKey(source.address, readSequence(headerBytes(sip, 'cseq')), callId), {
      seen,
      caller,
      account: ownText(chosen.username),
      method,
      nonce: ownText(chosen.nonce),
      nonceNeverIssued: message.direction === 'in' && credentials.every(({ isInvented }) => isInvented),
      fingerprint: fingerprintOf(credentials),
    });
  }

  /** Every usable Authorization and Proxy-Authorization, and what is known of its nonce. */
  function readCredentials({ source, time }: WireMessage, sip: SipScan): readonly Credentials[] {
    const headers = allHeaderBytes(sip, 'credentials');
    if (headers.length === 0) return noCredentials;
    const knownSince = Math.max(listeningSince ?? 0, nonces.completeSince());
    return headers.flatMap((header) => {
      const digest = readDigest(header);
      // Without a name, a nonce and a digest nothing can be guessed: such a request is as one without credentials.
      if (digest?.username === undefined || !digest.nonce || !digest.response) return noCredentials;
      const { username, nonce, response } = digest;
      const issuedAt = nonces.rememberedAt(source.address, nonce);
      // Left to the request's very source, and not too long ago.
      const isOurs = issuedAt !== undefined && time - issuedAt <= nonceLifetimeMs;
      // Never left to this source, and is no nonce from before we listened, which a phone may well still hold.
      const isInvented = issuedAt === undefined && !(issueTimeIn(nonce) < knownSince);
      return [{ username, nonce, response, isOurs, isInvented }];
    });
  }

  function answer(message: WireMessage, sip: SipScan): void {
    const { status } = sip;
    if (status < 200) return;
    const { time, transport, source: local, destination: source } = message;
    const challenges =
      status === 401 || status === 407 ? allHeaderBytes(sip, 'challenges').map(readDigest) : [];
    if (message.direction === 'out') {
      for (const challenge of challenges) {
        if (challenge?.nonce) nonces.remember(source.address, challenge.nonce, time);
      }
    }
    const callId = headerText(sip, 'call-id');
    const sequence = readSequence(headerBytes(sip, 'cseq'));
    const caller = userOf(headerBytes(sip, 'from'));
    const isStale = challenges.some((challenge) => challenge?.stale?.toLowerCase() === 'true');
    if (attempts.answer(exchangeKey(source.address, sequence, callId), { status, caller, isStale })) return;
    if (status < 300) {
      probes.settle(source.address, caller);
      return;
    }
    // A Via can have our answer sent to somebody who asked nothing (RFC 3261 §18.2.2, maddr).
    if (calls.rememberedAt(source.address, callId) === undefined) return;
    const proof = connectionOf(message);
    const seen = { time, sensor: seenBy, transport, source, local, proof, ...named(callId), messages: 1 };
    probes.refuse({ seen, account: ownText(caller), method: sequence.method, status }, answerWithinMs);
  }

  function proofOf(message: WireMessage, isEcho: boolean): Proof {
    const { direction, isConnectionProven, time } = message;
    // Where directions are not known, "we sent it" cannot be said of anything.
    if (direction !== 'in' || !(isEcho || isConnectionProven)) return asserted;
    return { level: 'proven', by: isEcho ? 'nonce-echo' : 'connection', seenBy, time };
  }

  /** What an answer of ours proves of its receiver: our own TCP sends nothing before the handshake is over. */
  function connectionOf({ direction, transport, time }: WireMessage): Proof {
    const isConnected = direction === 'out' && transport === 'tcp';
    return isConnected ? { level: 'proven', by: 'connection', seenBy, time } : asserted;
  }

  return {
    message(message) {
      listeningSince ??= message.time;
      advance(message.time);
      const sip = scanSip(message.bytes);
      if (!sip) count('not SIP');
      else if (sip.status === 0 && message.direction !== 'out') request(message, sip);
      else if (sip.status !== 0 && message.direction !== 'in') answer(message, sip);
    },
    advance,
    end: () => sightings.end(),
    configure(next) {
      matchSignature = createSignatureMatcher(next.userAgents);
      ({ answerWithinMs, nonceLifetimeMs } = next);
    },
    nextDeadline() {
      const deadlines = [sightings.nextDeadline(), probes.nextDeadline()].filter((due) => due !== undefined);
      return deadlines.length === 0 ? undefined : Math.min(...deadlines);
    },
  };
}

/**
 * What a request and our answer to it are remembered under. Not the client's port: without `rport` the answer goes to the
 * one that its Via names (RFC 3261 §18.2.2).
 */
function exchangeKey(client: Address, { number, method }: Sequence, callId: string): string {
  return `${client} ${number} ${method} ${callId}`;
}

function named(callId: string): Pick<Seen, 'callId'> {
  return callId === '' ? {} : { callId };
}

/** Two guesses with the same digests of the same nonces are one: no other password makes them. */
function fingerprintOf(credentials: readonly Credentials[]): string {
  const responses = credentials.map(({ nonce, response }) => `${nonce} ${response}`);
  return responses.length === 1 ? ownText(responses[0]!) : hash('sha1', responses.join(' '));
}

interface Credentials {
  readonly username: string;
  readonly nonce: string;
  readonly response: string;
  readonly isOurs: boolean;
  readonly isInvented: boolean;
}
const noCredentials: readonly Credentials[] = [];

/** Asterisk's nonces begin with the second in which they were made (res_pjsip_authenticator_digest); NaN elsewhere. */
function issueTimeIn(nonce: string): Time {
  return Number(/^(\d{9,11})\/[0-9a-f]{32}$/.exec(nonce)?.[1]) * 1_000;
}
