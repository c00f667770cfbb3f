// SIP messages as the lab's clients write and read them (RFC 3261, RFC 2617). It trusts the lab's own PBX.
import { createHash, randomBytes } from 'node:crypto';

export interface SipRequest {
  readonly method: string;
  readonly uri: string;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly sequence: number;
  readonly headers?: readonly string[];
  readonly body?: string;
}

export interface SipResponse {
  readonly status: number;
  header(name: string): string;
}

export interface Credentials {
  readonly account: string;
  readonly password: string;
}

/** Where and as whom a request is sent. */
export interface Via {
  readonly protocol: string;
  /** `address:port` */
  readonly at: string;
  readonly branch: string;
  readonly userAgent: string;
}

export function composeRequest(request: SipRequest, { protocol, at, branch, userAgent }: Via): string {
  return [
    `${request.method} ${request.uri} SIP/2.0`,
    `Via: SIP/2.0/${protocol} ${at};branch=${branch};rport`,
    'Max-Forwards: 70',
    `From: ${request.from}`,
    `To: ${request.to}`,
    `Call-ID: ${request.callId}`,
    `CSeq: ${request.sequence} ${request.method}`,
    `User-Agent: ${userAgent}`,
    ...(request.headers ?? []),
    `Content-Length: ${Buffer.byteLength(request.body ?? '')}`,
    '',
    request.body ?? '',
  ].join('\r\n');
}

export function isResponse(message: string): boolean {
  return message.startsWith('SIP/2.0 ');
}

export function readResponse(message: string): SipResponse {
  return {
    status: Number(message.slice(8, 11)),
    header: (name) => new RegExp(`^${name}:\\s*(.*?)\\r?$`, 'im').exec(message)?.[1] ?? '',
  };
}

/** A yes to whatever was asked. */
export function composeOk(request: string): string {
  const copied = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
  return ['SIP/2.0 200 OK', ...copied, 'Content-Length: 0', '', ''].join('\r\n');
}

/** The Authorization header that answers a challenge: with qop=auth, as PJSIP sends, or without, as chan_sip. */
export function authorizationFor(
  challenge: string,
  { method, uri }: SipRequest,
  { account, password }: Credentials,
): string {
  const field = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
  const [realm, nonce, opaque] = [field('realm'), field('nonce'), field('opaque')];
  const cnonce = randomToken();
  const secret = md5(`${account}:${realm}:${password}`);
  const request = md5(`${method}:${uri}`);
  const known = { username: account, realm, nonce, uri };
  if (field('qop') === '')
    return authorization({ ...known, response: md5(`${secret}:${nonce}:${request}`) }, []);
  const response = md5(`${secret}:${nonce}:00000001:${cnonce}:auth:${request}`);
  return authorization({ ...known, response, cnonce, opaque });
}

/** As above, for a challenge that never was: nonce and response are made up. */
export function inventedAuthorization(account: string, uri: string): string {
  const nonce = `1700000000/${randomToken()}${randomToken()}`;
  const response = md5(randomToken());
  return authorization({ username: account, realm: 'asterisk', nonce, uri, response, cnonce: randomToken() });
}

/** A fresh tag, Call-ID or ending of a branch. */
export function randomToken(): string {
  return randomBytes(8).toString('hex');
}

export function newBranch(): string {
  return `z9hG4bK${randomToken()}`;
}

export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

const quality = ['qop=auth', 'nc=00000001'];

function authorization(fields: Record<string, string>, unquoted: readonly string[] = quality): string {
  const quoted = Object.entries(fields).map(([key, value]) => `${key}="${value}"`);
  return `Authorization: Digest ${[...quoted, 'algorithm=MD5', ...unquoted].join(', ')}`;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
