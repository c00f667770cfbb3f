// What we sent to whom, and hence what a request that echoes it proves about its own source: nonces of our challenges,
// and To-tags that we made at random. Only what we saw leave counts, and for the one address that it left to: Asterisk
// gives whoever asks under one address in one second the same nonce, and a Via can have it sent elsewhere (maddr).
import { asserted, type Proof } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import { readDigest } from './digest.ts';
import { createFingerprintTable } from './fingerprint-table.ts';
import type { WireMessage } from './packet.ts';
import { allHeaderBytes, headerBytes, type SipScan } from './sip-scan.ts';

/** Usable digest credentials of a request, and what is known of the nonce in them. */
export interface Credentials {
  readonly username: string;
  readonly nonce: string;
  readonly response: string;
  /** When it stops to prove anything: it left to the request's very source, and not too long ago. */
  readonly provesUntil: Time | undefined;
  /** It never left to this source alone, and is no nonce from before we listened, which a phone may well still hold. */
  readonly isInvented: boolean;
}

export interface Proofs {
  /** An answer of ours: remembers what only its receiver knows now. */
  sent(message: WireMessage, sip: SipScan): void;
  /** Every usable Authorization and Proxy-Authorization of a request. */
  credentialsIn(message: WireMessage, sip: SipScan): readonly Credentials[];
  /** What the request proves; `credentials` are its own. */
  of(message: WireMessage, sip: SipScan, credentials: readonly Credentials[]): Proof;
  /** What a message proves by the connection that it came over. */
  ofConnection(message: WireMessage): Proof;
  /** What an answer of ours proves of its receiver. */
  ofReceiver(message: WireMessage): Proof;
  configure(nonceLifetimeMs: number): void;
}

/** Entries of the tables, 16 bytes each. */
const nonceSlots = 2 ** 20;
const tagSlots = 2 ** 17;
/** Longer than any dialog that matters; the table may forget sooner. */
const dialogLifetimeMs = 86_400_000;
/** Shorter than any tag that is made at random. Characters. */
const shortestTag = 8;
const dialogMethods = /\b(INVITE|SUBSCRIBE)\s*$/i;
const noCredentials: readonly Credentials[] = [];

export function createProofs(seenBy: 'packets' | 'hep', initialLifetimeMs: number): Proofs {
  const nonces = createFingerprintTable(nonceSlots);
  const tags = createFingerprintTable(tagSlots);
  let nonceLifetimeMs = initialLifetimeMs;
  let listeningSince: Time | undefined;

  const readCredentials = ({ source, time }: WireMessage, header: string): readonly Credentials[] => {
    const { username, nonce, response } = readDigest(header) ?? {};
    // Without a name, a nonce and a digest nothing can be guessed: such a request is as one without credentials.
    if (username === undefined || !nonce || !response) return noCredentials;
    const issuedAt = nonces.rememberedAt(nonce, source.address);
    const isFresh = issuedAt !== undefined && time - issuedAt <= nonceLifetimeMs;
    const knownSince = Math.max(listeningSince ?? 0, nonces.completeSince());
    const isInvented = issuedAt === undefined && !(issueTimeIn(nonce) < knownSince);
    const provesUntil = isFresh ? issuedAt + nonceLifetimeMs : undefined;
    return [{ username, nonce, response, provesUntil, isInvented }];
  };

  /** Until when the To-tag of a request proves something. */
  const tagProvesUntil = ({ source, time }: WireMessage, sip: SipScan): Time | undefined => {
    const tag = tagOf(headerBytes(sip, 'to'));
    if (tag.length < shortestTag) return undefined;
    const sentAt = tags.rememberedAt(dialogKey(sip, tag), source.address);
    return sentAt !== undefined && time - sentAt <= dialogLifetimeMs ? sentAt + dialogLifetimeMs : undefined;
  };

  const ofConnection = ({ direction, isConnectionProven, time }: WireMessage): Proof =>
    direction === 'in' && isConnectionProven ? { level: 'proven', by: 'connection', seenBy, time } : asserted;

  return {
    ofConnection,
    sent(message, sip) {
      listeningSince ??= message.time;
      if (message.direction !== 'out') return;
      const { time, destination } = message;
      if (sip.status === 401 || sip.status === 407) {
        for (const header of allHeaderBytes(sip, 'challenges')) {
          const nonce = readDigest(header)?.nonce;
          if (nonce) nonces.remember(nonce, destination.address, time);
        }
      } else if (sip.status > 100 && sip.status < 300) {
        const tag = randomTagOf(sip);
        if (tag !== undefined) tags.remember(dialogKey(sip, tag), destination.address, time);
      }
    },
    credentialsIn(message, sip) {
      listeningSince ??= message.time;
      const headers = allHeaderBytes(sip, 'credentials');
      return headers.length === 0
        ? noCredentials
        : headers.flatMap((header) => readCredentials(message, header));
    },
    of(message, sip, credentials) {
      // Where directions are not known, "we sent it" cannot be said of anything.
      if (message.direction !== 'in') return asserted;
      const { time } = message;
      const echo = credentials.find(({ provesUntil }) => provesUntil !== undefined);
      if (echo?.provesUntil !== undefined)
        return { level: 'proven', by: 'nonce-echo', seenBy, time, until: echo.provesUntil };
      const until = tagProvesUntil(message, sip);
      if (until !== undefined) return { level: 'proven', by: 'dialog-tag', seenBy, time, until };
      return ofConnection(message);
    },
    ofReceiver({ direction, transport, time }) {
      // Our own TCP sends nothing before the handshake is over.
      const isConnected = direction === 'out' && transport !== 'udp';
      return isConnected ? { level: 'proven', by: 'connection', seenBy, time } : asserted;
    },
    configure(lifetimeMs) {
      nonceLifetimeMs = lifetimeMs;
    },
  };
}

function dialogKey(sip: SipScan, tag: string): string {
  return `${tag} ${headerBytes(sip, 'call-id')}`;
}

/**
 * The To-tag of an answer that makes a dialog. Stateless answers carry the request's own branch there (pjsip_util.c),
 * which whoever made the request knows.
 */
function randomTagOf(sip: SipScan): string | undefined {
  if (!dialogMethods.test(headerBytes(sip, 'cseq'))) return undefined;
  const tag = tagOf(headerBytes(sip, 'to'));
  const branch = /;\s*branch\s*=\s*([^\s;,]+)/i.exec(headerBytes(sip, 'via'))?.[1] ?? '';
  const isOfBranch = branch === '' || branch.includes(tag) || tag.includes(branch);
  return tag.length < shortestTag || isOfBranch ? undefined : tag;
}

/** The tag parameter behind the address of a From or To. */
function tagOf(value: string): string {
  return /;\s*tag\s*=\s*([^\s;,]{1,128})/i.exec(value.slice(value.lastIndexOf('>') + 1))?.[1] ?? '';
}

/** Asterisk's nonces begin with the second in which they were made (res_pjsip_authenticator_digest); NaN elsewhere. */
function issueTimeIn(nonce: string): Time {
  return Number(/^(\d{9,11})\/[0-9a-f]{32}$/.exec(nonce)?.[1]) * 1_000;
}
