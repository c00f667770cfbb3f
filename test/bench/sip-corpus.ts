// SIP messages as they reach a PBX, in four kinds, mean size about 580 bytes: a scanner's OPTIONS, a phone's REGISTER
// without and with credentials, an INVITE with SDP.
import { composeRequest, inventedAuthorization, newBranch, randomToken } from '../lab/sip-message.ts';

const phones = [
  'Yealink SIP-T46S 66.85.0.5',
  'Grandstream GXP2170 1.0.11.64',
  'snomD785/10.1.73.16',
  'Zoiper rv2.10.20.2',
  'Cisco/SPA504G-7.6.2c',
  'PolycomVVX-VVX_411-UA/5.9.5.0614',
];

/** The message number `index` of a source; the kinds come in turn. */
export function composeMessage(index: number, from: string, to: string): Buffer {
  const kind = kinds[index % kinds.length]!;
  const account = String(100 + (index % 200));
  const party = `<sip:${account}@${to}>`;
  const request = {
    from: `${party};tag=${randomToken()}`,
    to: party,
    callId: randomToken(),
    sequence: 1 + (index % 9),
    ...kind(account, from, to),
  };
  const userAgent = kind === options ? 'friendly-scanner' : phones[index % phones.length]!;
  return Buffer.from(
    composeRequest(request, { protocol: 'UDP', at: `${from}:5060`, branch: newBranch(), userAgent }),
  );
}

const options = (account: string, from: string, to: string) => ({
  method: 'OPTIONS',
  uri: `sip:${account}@${to}`,
  headers: [`Contact: <sip:${account}@${from}:5060>`, 'Accept: application/sdp'],
});

const register = (account: string, from: string, to: string) => ({
  method: 'REGISTER',
  uri: `sip:${to}`,
  headers: [
    `Contact: <sip:${account}@${from}:5060;transport=udp>;expires=3600`,
    'Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER',
    'Expires: 3600',
  ],
});

const login = (account: string, from: string, to: string) => {
  const request = register(account, from, to);
  return { ...request, headers: [...request.headers, inventedAuthorization(account, request.uri)] };
};

const invite = (account: string, from: string, to: string) => ({
  method: 'INVITE',
  uri: `sip:00441234567890@${to}`,
  headers: [
    `Contact: <sip:${account}@${from}:5060>`,
    'Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER',
    'Supported: replaces, timer, 100rel, norefersub',
    'Session-Expires: 1800;refresher=uac',
    'Min-SE: 90',
    'Content-Type: application/sdp',
  ],
  body: [
    ...[
      'v=0',
      `o=- 1 1 IN IP4 ${from}`,
      's=call',
      `c=IN IP4 ${from}`,
      't=0 0',
      'm=audio 16384 RTP/AVP 8 0 18 101',
    ],
    ...[
      'a=rtpmap:8 PCMA/8000',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:18 G729/8000',
      'a=rtpmap:101 telephone-event/8000',
    ],
    ...['a=fmtp:101 0-15', 'a=sendrecv', ''],
  ].join('\r\n'),
});

const kinds = [options, register, login, invite];
