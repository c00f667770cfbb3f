// A SIP client that follows a script: each request is answered to its challenge where it has a password. Says when each began.
import { ackOf, openSipClient, requestWithDigest, type SipClient } from '../sip-client.ts';
import { bracketed, randomToken } from '../sip-message.ts';
import type { Protocol } from '../sip-transport.ts';
import { pause, readOptions, say } from './program.ts';

export interface SpokenRequest {
  readonly method: 'REGISTER' | 'INVITE' | 'OPTIONS' | 'SUBSCRIBE';
  /** Address of this host that it is sent from. */
  readonly from: string;
  /** Any free port where it is left out. */
  readonly port?: number;
  readonly account: string;
  /** Without one, challenges are left unanswered. */
  readonly password?: string;
  /** Whom it is for: a number, or another account. */
  readonly to?: string;
  readonly headers?: readonly string[];
}

export interface SpeakerOptions {
  readonly protocol: Protocol;
  readonly server: string;
  readonly userAgent: string;
  readonly requests: readonly SpokenRequest[];
  readonly pauseMs: number;
}

export interface SpeakerFinding {
  /** 0: no answer. */
  readonly status: number;
  /** When the request was sent, epoch ms. */
  readonly time: number;
}

const { protocol, server, userAgent, requests, pauseMs } = readOptions<SpeakerOptions>();
const clients = new Map<string, Promise<SipClient>>();
const sequences = new Map<string, number>();
for (const request of requests) {
  const time = Date.now();
  say<SpeakerFinding>({ status: await speak(request), time });
  await pause(pauseMs);
}
process.exit(0);

function clientOf({ from: local, port, account }: SpokenRequest): Promise<SipClient> {
  const key = `${local} ${port} ${account}`;
  const localPort = port === undefined ? {} : { localPort: port };
  const client =
    clients.get(key) ?? openSipClient({ protocol, server, local, ...localPort, account, userAgent });
  clients.set(key, client);
  return client;
}

async function speak(spoken: SpokenRequest): Promise<number> {
  const { method, account, password, to = account, headers = [] } = spoken;
  const client = await clientOf(spoken);
  const [host, self] = [bracketed(server), `<sip:${account}@${bracketed(server)}>`];
  const uri = method === 'REGISTER' ? `sip:${host}` : `sip:${to}@${host}`;
  const sequence = sequences.get(account) ?? 1;
  sequences.set(account, sequence + 2);
  const request = {
    method,
    uri,
    from: `${self};tag=${randomToken()}`,
    to: `<sip:${to}@${host}>`,
    callId: randomToken(),
    sequence,
    headers: [`Contact: ${client.contact}`, ...headers],
  };
  const answer =
    password === undefined
      ? await client.request(request)
      : await requestWithDigest(client, request, { account, password });
  if (method !== 'INVITE' || answer?.status !== 200) return answer?.status ?? 0;
  client.send(ackOf({ ...request, sequence: sequence + (password === undefined ? 0 : 1) }, answer));
  const bye = { ...request, method: 'BYE', to: answer.header('To'), sequence: sequence + 2 };
  return (await client.request(bye))?.status ?? 0;
}
