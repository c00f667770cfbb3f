// Turns SIP messages into observations: scanners, guesses, probes, and what each proves about its source address.
// Addresses come from the packets alone, time from the messages; nothing is decided here.
import { hash } from 'node:crypto';
import type { Address } from '../model/address.ts';
import { asserted, type Observation } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import { createAccountProbes } from './account-probes.ts';
import { createAssertedLimit } from './asserted-limit.ts';
import { readDigest } from './digest.ts';
import { createDiversions } from './diversions.ts';
import { tampersWithEvents } from './event-tampering.ts';
import { createFingerprintTable } from './fingerprint-table.ts';
import { ownText } from './foreign-text.ts';
import { createLoginAttempts } from './login-attempts.ts';
import { isHonestForeign, problemOf } from './malformed.ts';
import { createMessageSignatures } from './message-signatures.ts';
import type { WireMessage } from './packet.ts';
import { type Credentials, createProofs } from './proofs.ts';
import type { CaptureSettings } from './protocol.ts';
import { registeredUntil } from './registration-expiry.ts';
import { createSightings } from './sightings.ts';
import { userOf } from './sip-address.ts';
import { readSequence, type Seen, type Sequence } from './sip-exchange.ts';
import {
  allHeaderBytes,
  headerBytes,
  headerText,
  methodOf,
  requestUri,
  type SipScan,
  scanSip,
} from './sip-scan.ts';

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
/** Entries of the table of Call-IDs that we were asked under; 16 bytes each. */
const callSlots = 2 ** 17;

/** Throws SIGNATURE_INVALID. */
export function createSipObserver(
  settings: CaptureSettings,
  { emit, count, seenBy = 'packets' }: SipObserverOptions,
): SipObserver {
  let { answerWithinMs } = settings;
  let findSignatures = createMessageSignatures(settings.signatures);
  const proofs = createProofs(seenBy, settings.nonceLifetimeMs);
  const calls = createFingerprintTable(callSlots);
  const diversions = createDiversions();
  const limit = createAssertedLimit(emit, () => count('shed: asserted observations'));
  const sightings = createSightings(limit.emit);
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
    calls.remember(`${source.address} ${callId}`, source.address, time);
    diversions.request(message, sip, callId);
    const credentials = proofs.credentialsIn(message, sip);
    const matches = findSignatures(sip);
    const method = methodOf(sip);
    const isCall = method === 'INVITE' && !hasTag(headerBytes(sip, 'to'));
    const problem = problemOf(sip);
    const isTampering = tampersWithEvents(sip);
    const isRemarkable = matches.length > 0 || problem !== undefined || isTampering || isCall;
    if (!isRemarkable && credentials.length === 0) return;
    const proof = proofs.of(message, sip, credentials);
    const seen = { time, sensor: seenBy, transport, source, local, proof, ...named(callId), messages: 1 };
    const caller = ownText(userOf(headerBytes(sip, 'from')));
    for (const match of matches) sightings.see({ ...seen, kind: 'signature-match', ...match });
    if (problem !== undefined) sightings.see({ ...seen, kind: 'malformed-message', problem });
    if (isTampering) limit.emit({ ...seen, kind: 'event-tampered', account: caller });
    if (isCall) {
      const number = ownText(userOf(requestUri(sip)));
      limit.emit({ ...seen, kind: 'call-attempted', account: caller, number });
    }
    const chosen = credentials.find(({ provesUntil }) => provesUntil !== undefined) ?? credentials[0];
    if (!chosen || unchallenged.has(method)) return;
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
      userAgent: headerText(sip, 'user-agent'),
      fingerprint: fingerprintOf(credentials),
    });
  }

  /** What came in and is no SIP message. */
  function foreign(message: WireMessage): void {
    count('not SIP');
    if (message.direction === 'out' || isHonestForeign(message.bytes)) return;
    const { time, transport, source, destination: local } = message;
    const proof = proofs.ofConnection(message);
    const seen = { time, sensor: seenBy, transport, source, local, proof, messages: 1 };
    sightings.see({ ...seen, kind: 'malformed-message', problem: 'not-sip' });
  }

  function tellDiversion(message: WireMessage, callId: string): void {
    const source = diversions.claimedBy(message, callId);
    if (!source) return;
    const { time, transport, source: local, destination: divertedTo } = message;
    const seen = {
      time,
      sensor: seenBy,
      transport,
      source,
      local,
      proof: asserted,
      ...named(callId),
      messages: 1,
    };
    limit.emit({ ...seen, kind: 'answer-diverted', divertedTo });
  }

  function answer(message: WireMessage, sip: SipScan): void {
    proofs.sent(message, sip);
    const { status } = sip;
    if (status < 200) return;
    const { time, transport, source: local, destination: source } = message;
    const callId = headerText(sip, 'call-id');
    tellDiversion(message, callId);
    const sequence = readSequence(headerBytes(sip, 'cseq'));
    const caller = userOf(headerBytes(sip, 'from'));
    const isRegistered = status < 300 && sequence.method === 'REGISTER';
    const judged = attempts.answer(exchangeKey(source.address, sequence, callId), {
      status,
      caller,
      isStale: status === 401 || status === 407 ? isStale(sip) : false,
      ...(isRegistered && { registeredUntil: registeredUntil(sip, time) }),
    });
    if (judged) return;
    if (status < 300) {
      probes.settle(source.address, caller);
      return;
    }
    // A Via can have our answer sent to somebody who asked nothing (RFC 3261 §18.2.2, maddr).
    if (calls.rememberedAt(`${source.address} ${callId}`, source.address) === undefined) return;
    const proof = proofs.ofReceiver(message);
    const seen = { time, sensor: seenBy, transport, source, local, proof, ...named(callId), messages: 1 };
    probes.refuse({ seen, account: ownText(caller), method: sequence.method, status }, answerWithinMs);
  }

  return {
    message(message) {
      advance(message.time);
      const sip = scanSip(message.bytes);
      if (!sip) foreign(message);
      else if (sip.status === 0 && message.direction !== 'out') request(message, sip);
      else if (sip.status !== 0 && message.direction !== 'in') answer(message, sip);
    },
    advance,
    end: () => sightings.end(),
    configure(next) {
      findSignatures = createMessageSignatures(next.signatures);
      ({ answerWithinMs } = next);
      proofs.configure(next.nonceLifetimeMs);
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

/** A request with one belongs to a dialog that goes on (RFC 3261 §12.2.1.1). */
function hasTag(to: string): boolean {
  return /;\s*tag\s*=/i.test(to);
}

/** Two guesses with the same digests of the same nonces are one: no other password makes them. */
function fingerprintOf(credentials: readonly Credentials[]): string {
  const responses = credentials.map(({ nonce, response }) => `${nonce} ${response}`);
  return responses.length === 1 ? ownText(responses[0]!) : hash('sha1', responses.join(' '));
}

/** A challenge that says: the digest was right, the nonce was not. */
function isStale(sip: SipScan): boolean {
  return allHeaderBytes(sip, 'challenges').some(
    (header) => readDigest(header)?.stale?.toLowerCase() === 'true',
  );
}
