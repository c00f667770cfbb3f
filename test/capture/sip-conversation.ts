// Makes the SIP messages of the observer's tests, and an observer that keeps what it says.
import type { Direction, WireMessage } from '../../src/capture/packet.ts';
import type { CaptureSettings } from '../../src/capture/protocol.ts';
import { createSipObserver, type SipObserver } from '../../src/capture/sip-observer.ts';
import type { Peer } from '../../src/model/address.ts';
import type { Observation } from '../../src/model/observation.ts';
import { agents } from '../signatures.ts';

export const pbx: Peer = { address: '192.0.2.1', port: 5060 };
export const attacker: Peer = { address: '203.0.113.66', port: 34_210 };
export const phone: Peer = { address: '198.51.100.10', port: 5060 };

const settings: CaptureSettings = {
  udpPorts: [[5060, 5060]],
  tcpPorts: [[5060, 5060]],
  tftpPorts: [],
  signatures: agents('friendly-scanner*', '*sipvicious*'),
  answerWithinMs: 2_000,
  nonceLifetimeMs: 32_000,
};

interface Request {
  uri?: string;
  time?: number;
  from?: Peer;
  method?: string;
  user?: string;
  callId?: string;
  cseq?: number;
  userAgent?: string;
  /** Values of Authorization headers. */
  authorization?: readonly string[];
  via?: string;
  /** The To-tag of a dialog. */
  toTag?: string;
  direction?: Direction;
  isConnectionProven?: boolean;
  transport?: 'udp' | 'tcp';
}

interface Answer {
  time?: number;
  to?: Peer;
  status?: number;
  method?: string;
  user?: string;
  callId?: string;
  cseq?: number;
  /** Values of WWW-Authenticate headers. */
  challenge?: readonly string[];
  toTag?: string;
  branch?: string;
  /** Further headers. */
  headers?: readonly string[];
  direction?: Direction;
  transport?: 'udp' | 'tcp';
}

export function digest(nonce: string, response = 'r1', username = '100'): string {
  return `Digest username="${username}",realm="asterisk",nonce="${nonce}",uri="sip:192.0.2.1",response="${response}"`;
}

export function challengeOf(nonce: string, stale = ''): string {
  return `Digest realm="asterisk",nonce="${nonce}",opaque="1",algorithm=MD5,qop="auth"${stale && `,stale=${stale}`}`;
}

export function request(of: Request = {}): WireMessage {
  const { method = 'REGISTER', user = '100', from = attacker, uri = 'sip:192.0.2.1' } = of;
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: ${of.via ?? `SIP/2.0/UDP ${from.address};branch=z9hG4bK1;rport`}`,
    `From: <sip:${user}@192.0.2.1>;tag=1`,
    `To: <sip:${user}@192.0.2.1>${of.toTag === undefined ? '' : `;tag=${of.toTag}`}`,
    `Call-ID: ${of.callId ?? 'call'}`,
    `CSeq: ${of.cseq ?? 1} ${method}`,
    ...(of.userAgent === undefined ? [] : [`User-Agent: ${of.userAgent}`]),
    ...(of.authorization ?? []).map((value) => `Authorization: ${value}`),
  ];
  return {
    time: of.time ?? 0,
    direction: of.direction ?? 'in',
    transport: of.transport ?? 'udp',
    source: from,
    destination: pbx,
    bytes: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`),
    isConnectionProven: of.isConnectionProven ?? false,
  };
}

export function answer(of: Answer = {}): WireMessage {
  const lines = [
    `SIP/2.0 ${of.status ?? 401} Whatever`,
    `Via: SIP/2.0/UDP 203.0.113.66;branch=${of.branch ?? 'z9hG4bK1'};rport=34210`,
    `From: <sip:${of.user ?? '100'}@192.0.2.1>;tag=1`,
    `To: <sip:100@192.0.2.1>;tag=${of.toTag ?? '2'}`,
    `Call-ID: ${of.callId ?? 'call'}`,
    `CSeq: ${of.cseq ?? 1} ${of.method ?? 'REGISTER'}`,
    ...(of.challenge ?? []).map((value) => `WWW-Authenticate: ${value}`),
    ...(of.headers ?? []),
  ];
  return {
    time: of.time ?? 0,
    direction: of.direction ?? 'out',
    transport: of.transport ?? 'udp',
    source: pbx,
    destination: of.to ?? attacker,
    bytes: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`),
    isConnectionProven: false,
  };
}

export interface Recorded extends SipObserver {
  readonly said: Observation[];
  readonly counts: Map<string, number>;
  all(...messages: readonly WireMessage[]): Observation[];
}

export function observe(
  more: Partial<CaptureSettings> = {},
  seenBy: 'packets' | 'hep' = 'packets',
): Recorded {
  const said: Observation[] = [];
  const counts = new Map<string, number>();
  const observer = createSipObserver(
    { ...settings, ...more },
    {
      emit: (observation) => said.push(observation),
      count: (reason) => counts.set(reason, (counts.get(reason) ?? 0) + 1),
      seenBy,
    },
  );
  return {
    ...observer,
    said,
    counts,
    all(...messages) {
      for (const message of messages) observer.message(message);
      return said;
    },
  };
}
