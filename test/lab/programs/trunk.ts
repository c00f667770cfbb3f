// The provider's side of a trunk that the PBX knows by its address: calls the echo without credentials, again and again.
import { ackOf, openSipClient, type SipClientOptions } from '../sip-client.ts';
import { bracketed, randomToken } from '../sip-message.ts';
import { pause, readOptions, say } from './program.ts';

export interface TrunkOptions extends Omit<SipClientOptions, 'userAgent' | 'account'> {
  readonly everyMs: number;
}

export interface TrunkTry {
  /** Of the step that ended the call; 0: no answer. */
  readonly status: number;
  /** Epoch ms. */
  readonly time: number;
}

const { everyMs, ...options } = readOptions<TrunkOptions>();
const client = await openSipClient({ ...options, account: 'provider', userAgent: 'lab trunk' });
const server = bracketed(options.server);

for (;;) {
  const next = performance.now() + everyMs;
  say<TrunkTry>({ status: await call(), time: Date.now() });
  await pause(next - performance.now());
}

async function call(): Promise<number> {
  const uri = `sip:600@${server}`;
  const from = `<sip:provider@${bracketed(options.local)}>;tag=${randomToken()}`;
  const dialog = { uri, from, to: `<${uri}>`, callId: randomToken() };
  const headers = [`Contact: ${client.contact}`, 'Content-Type: application/sdp'];
  const at = `IN ${options.local.includes(':') ? 'IP6' : 'IP4'} ${options.local}`;
  const body = ['v=0', `o=- 1 1 ${at}`, 's=-', `c=${at}`, 't=0 0', 'm=audio 20000 RTP/AVP 0', ''].join(
    '\r\n',
  );
  const invite = { ...dialog, method: 'INVITE', sequence: 1, headers, body };
  const answer = await client.request(invite);
  if (answer?.status !== 200) return answer?.status ?? 0;
  client.send(ackOf(invite, answer));
  await pause(50);
  const bye = { ...dialog, method: 'BYE', to: answer.header('To'), sequence: 2 };
  return (await client.request(bye))?.status ?? 0;
}
