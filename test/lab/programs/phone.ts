// The honest phone: registers, calls the echo, and says how each try ended, until it is stopped.
import { ackOf, openSipClient, requestWithDigest, type SipClientOptions } from '../sip-client.ts';
import { bracketed, type Credentials, randomToken } from '../sip-message.ts';
import { pause, readOptions, say } from './program.ts';

export interface PhoneOptions extends Omit<SipClientOptions, 'userAgent'>, Credentials {
  readonly everyMs: number;
  /** Every which registration is followed by a call; 0: never. */
  readonly callEvery: number;
  /** How long a call lasts; 100 ms where nothing is said. */
  readonly talkMs?: number;
}

export interface PhoneTry {
  readonly kind: 'register' | 'call';
  /** Of the step that ended it; 0: no answer. */
  readonly status: number;
  /** Epoch ms. */
  readonly time: number;
}

const options = readOptions<PhoneOptions>();
const { everyMs, callEvery, talkMs = 100 } = options;
const client = await openSipClient({ ...options, userAgent: 'lab phone' });
const server = bracketed(options.server);
const self = `<sip:${options.account}@${server}>`;
const registration = { from: `${self};tag=${randomToken()}`, callId: randomToken() };

for (let round = 0; ; round += 1) {
  const next = performance.now() + everyMs;
  report('register', await register(2 * round + 1));
  if (callEvery > 0 && round % callEvery === callEvery - 1) report('call', await call());
  await pause(next - performance.now());
}

async function register(sequence: number): Promise<number> {
  const headers = [`Contact: ${client.contact}`, 'Expires: 60'];
  const request = { ...registration, method: 'REGISTER', uri: `sip:${server}`, to: self, sequence, headers };
  return (await requestWithDigest(client, request, options))?.status ?? 0;
}

async function call(): Promise<number> {
  const uri = `sip:600@${server}`;
  const dialog = { uri, from: `${self};tag=${randomToken()}`, to: `<${uri}>`, callId: randomToken() };
  const headers = [`Contact: ${client.contact}`, 'Content-Type: application/sdp'];
  const invite = { ...dialog, method: 'INVITE', sequence: 1, headers, body: describeSession(options.local) };
  const answer = await requestWithDigest(client, invite, options);
  if (answer?.status !== 200) return answer?.status ?? 0;
  // The accepted INVITE is the second, which answered the challenge.
  client.send(ackOf({ ...invite, sequence: 2 }, answer));
  await pause(talkMs);
  const bye = { ...dialog, method: 'BYE', to: answer.header('To'), sequence: 3 };
  return (await client.request(bye))?.status ?? 0;
}

function report(kind: PhoneTry['kind'], status: number): void {
  say<PhoneTry>({ kind, status, time: Date.now() });
}

function describeSession(local: string): string {
  const at = `IN ${local.includes(':') ? 'IP6' : 'IP4'} ${local}`;
  return ['v=0', `o=- 1 1 ${at}`, 's=-', `c=${at}`, 't=0 0', 'm=audio 20000 RTP/AVP 0', ''].join('\r\n');
}
