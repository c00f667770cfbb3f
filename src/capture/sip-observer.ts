// Turns SIP messages into observations: scanners, guesses, probes, and what each proves about its source address.
// Addresses come from the packets alone, time from the messages; nothing is decided here.
import { hash } from 'node:crypto';
import { asserted, type Observation, type Proof } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import { createAccountProbes } from './account-probes.ts';
import { createAssertedLimit } from './asserted-limit.ts';
import { type Digest, readDigest } from './digest.ts';
import { ownText } from './foreign-text.ts';
import { createLoginAttempts } from './login-attempts.ts';
import { createNonceTable } from './nonce-table.ts';
import type { WireMessage } from './packet.ts';
import type { CaptureSettings } from './protocol.ts';
import { createSignatureMatcher } from './signature-matcher.ts';
import { createSignatureSightings } from './signature-sightings.ts';
import { userOf } from './sip-address.ts';
import { exchangeKey, type Seen } from './sip-exchange.ts';
import {
  allHeaderBytes,
  createSipScanner,
  headerBytes,
  headerText,
  methodOf,
  type SipScan,
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

/** Throws SIGNATURE_INVALID. */
export function createSipObserver(
  settings: CaptureSettings,
  { emit, count, seenBy = 'packets' }: SipObserverOptions,
): SipObserver {
  let { answerWithinMs, nonceLifetimeMs } = settings;
  let matchSignature = createSignatureMatcher(settings.userAgents);
  let listeningSince: Time | undefined;
  const scan = createSipScanner();
  const nonces = createNonceTable();
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
    const method = methodOf(sip);
    const headers = allHeaderBytes(sip, 'credentials');
    const credentials = headers.map(readDigest).filter(isUsable);
    const echoed = credentials.find((each) => isOurs(message, each));
    const seen = see(message, sip, proofOf(message, echoed !== undefined));
    lookForScanner(sip, seen);
    if (unchallenged.has(method)) return;
    const key = exchangeKey(message.source.address, sip);
    const account = ownText(userOf(headerBytes(sip, 'from')));
    const chosen = echoed ?? credentials[0];
    if (!chosen) {
      probes.request(key, { seen, account, method });
      return;
    }
    probes.settle(message.source.address, [account, ...credentials.map(({ username }) => username)]);
    attempts.request(key, {
      seen,
      account: ownText(chosen.username),
      method,
      nonce: ownText(chosen.nonce),
      nonceNeverIssued: message.direction === 'in' && credentials.every((each) => isInvented(message, each)),
      fingerprint: hash('sha1', headers.join('\n'), 'base64'),
    });
  }

  function lookForScanner(sip: SipScan, seen: Seen): void {
    const value = headerText(sip, 'user-agent');
    const signature = value === '' ? undefined : matchSignature(value);
    if (signature === undefined) return;
    sightings.see({
      ...seen,
      kind: 'signature-match',
      signature,
      field: 'user-agent',
      value: ownText(value),
    });
  }

  function answer(message: WireMessage, sip: SipScan): void {
    if (sip.status < 200) return;
    const client = message.destination.address;
    const challenges =
      sip.status === 401 || sip.status === 407 ? allHeaderBytes(sip, 'challenges').map(readDigest) : [];
    if (message.direction === 'out') {
      for (const challenge of challenges) {
        if (challenge?.nonce) nonces.remember(client, challenge.nonce, message.time);
      }
    }
    const key = exchangeKey(client, sip);
    attempts.answer(
      key,
      sip.status,
      challenges.some((challenge) => challenge?.stale?.toLowerCase() === 'true'),
    );
    probes.answer(key, sip.status, message.time + answerWithinMs);
  }

  function see(message: WireMessage, sip: SipScan, proof: Proof): Seen {
    const { time, transport, source, destination: local } = message;
    const callId = ownText(headerText(sip, 'call-id'));
    const seen = { time, sensor: seenBy, transport, source, local, proof, messages: 1 };
    return callId === '' ? seen : { ...seen, callId };
  }

  function proofOf({ direction, isConnectionProven, time }: WireMessage, isEcho: boolean): Proof {
    // Where directions are not known, "we sent it" cannot be said of anything.
    if (direction !== 'in' || !(isEcho || isConnectionProven)) return asserted;
    return { level: 'proven', by: isEcho ? 'nonce-echo' : 'connection', seenBy, time };
  }

  /** Left to the request's very source, and not too long ago. */
  function isOurs({ source, time }: WireMessage, { nonce }: Credentials): boolean {
    const issuedAt = nonces.issuedAt(source.address, nonce);
    return issuedAt !== undefined && time - issuedAt <= nonceLifetimeMs;
  }

  /** Never left to this source, and is no nonce from before we listened, which a phone may well still hold. */
  function isInvented({ source }: WireMessage, { nonce }: Credentials): boolean {
    const knownSince = Math.max(listeningSince ?? 0, nonces.completeSince());
    return nonces.issuedAt(source.address, nonce) === undefined && !(issueTimeIn(nonce) < knownSince);
  }

  return {
    message(message) {
      listeningSince ??= message.time;
      advance(message.time);
      const sip = scan(message.bytes);
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

type Credentials = Digest & { readonly username: string; readonly nonce: string; readonly response: string };

/** Without a name, a nonce and a digest nothing can be guessed: such a request is as one without credentials. */
function isUsable(digest: Digest | undefined): digest is Credentials {
  return digest?.username !== undefined && digest.nonce !== undefined && digest.response !== undefined;
}

/** Asterisk's nonces begin with the second in which they were made (res_pjsip_authenticator_digest); NaN elsewhere. */
function issueTimeIn(nonce: string): Time {
  return Number(/^(\d{9,11})\/[0-9a-f]{32}$/.exec(nonce)?.[1]) * 1_000;
}
