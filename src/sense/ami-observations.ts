// What one AMI event says about SIP, or about logins to the AMI itself. Pure. An event proves its source only where it came over a connection; one over
// UDP proves nothing by itself, and one that was tampered with says nothing at all.
import { type AmiMessage, eventTimeOf } from '../asterisk/ami-message.ts';
import { type Address, type Peer, parseAddress } from '../model/address.ts';
import {
  asserted,
  foreignTextLimit,
  type Observation,
  type Transport,
  transports,
} from '../model/observation.ts';

export function observationsOf(message: AmiMessage): readonly Observation[] {
  if (message.kind !== 'event' || message.tampered) return [];
  const observation = observationOf(message);
  return observation ? [observation] : [];
}

function observationOf(message: AmiMessage): Observation | undefined {
  const { name, headers } = message;
  const time = eventTimeOf(message);
  const remote = readEndpoint(headers.RemoteAddress);
  const local = readEndpoint(headers.LocalAddress);
  if (time === undefined || !remote || !local) return undefined;
  const { transport, peer } = remote;
  const seen = {
    time,
    sensor: 'ami' as const,
    transport,
    source: peer,
    local: local.peer,
    proof:
      transport === 'udp' ? asserted : ({ level: 'proven', by: 'connection', seenBy: 'ami', time } as const),
    messages: 1,
    account: copyText(headers.AccountID),
  };
  switch (`${headers.Service} ${name}`) {
    case 'PJSIP ChallengeResponseFailed':
      return { kind: 'authentication-failed', ...seen, ...nonce(headers.Challenge), ...callId(headers) };
    case 'PJSIP InvalidAccountID':
      return { kind: 'account-probed', because: 'unknown-account', ...seen, ...callId(headers) };
    case 'PJSIP SuccessfulAuth':
      return headers.UsingPassword === '1'
        ? { kind: 'authentication-succeeded', ...seen, ...callId(headers) }
        : undefined;
    // Of the AMI's own doors, over HTTP too; ARI tells of none. Its SessionID is a pointer, no Call-ID.
    case 'AMI InvalidPassword':
    case 'AMI InvalidAccountID':
    case 'AMI ChallengeResponseFailed':
    case 'AMI FailedACL':
      return { kind: 'management-login-failed', ...seen, service: copyText(headers.Service) };
    // chan_sip (up to Asterisk 20); its SessionID is a pointer, no Call-ID.
    case 'SIP InvalidPassword':
      return {
        kind: 'authentication-failed',
        ...seen,
        ...nonce(headers.ReceivedChallenge),
        isWrongPassword: true,
      };
    default:
      return undefined;
  }
}

/** `IPV4/UDP/192.0.2.1/5060`, as Asterisk writes the addresses of security events. */
function readEndpoint(text = ''): { readonly transport: Transport; readonly peer: Peer } | undefined {
  const [family, protocol = '', host = '', port = '', ...rest] = text.split('/');
  const transport = transports.find((each) => each.toUpperCase() === protocol);
  const address: Address | undefined = parseAddress(host);
  if ((family !== 'IPV4' && family !== 'IPV6') || rest.length > 0) return undefined;
  if (!transport || !address || !/^\d{1,5}$/.test(port) || Number(port) > 65_535) return undefined;
  return { transport, peer: { address, port: Number(port) } };
}

function nonce(text = '') {
  return text === '' ? {} : { nonce: copyText(text) };
}

function callId({ SessionID = '' }: AmiMessage['headers']) {
  return SessionID === '' ? {} : { callId: copyText(SessionID) };
}

/** Cut, and a string of its own: a part of the chunk that was read would keep all of the chunk in memory. */
function copyText(text = ''): string {
  return Buffer.from(text.slice(0, foreignTextLimit)).toString();
}
