// The transactions of a small honest SIP phone: retransmission, digest, ACK (RFC 3261 §17.1). Runs inside a namespace.
import {
  authorizationFor,
  bracketed,
  type Credentials,
  composeOk,
  composeRequest,
  isResponse,
  newBranch,
  readResponse,
  type SipRequest,
  type SipResponse,
} from './sip-message.ts';
import { openTransport, type SipTransport, type TransportOptions } from './sip-transport.ts';

export interface SipClient {
  readonly contact: string;
  /** The final response; undefined where none came within four seconds. */
  request(request: SipRequest): Promise<SipResponse | undefined>;
  /** Sends once and expects nothing: the ACK of an accepted INVITE. */
  send(request: SipRequest): void;
}

export interface SipClientOptions extends TransportOptions {
  readonly account: string;
  readonly userAgent: string;
}

/** With T1 = 500 ms, UDP requests are sent again at these times after the first. */
const retransmitAtMs = [500, 1_500, 3_500];
const giveUpAfterMs = 4_000;

export async function openSipClient(options: SipClientOptions): Promise<SipClient> {
  const waiting = new Map<string, (response: SipResponse) => void>();
  const transport: SipTransport = await openTransport(options, (message) => {
    if (!isResponse(message)) {
      if (!message.startsWith('ACK ')) transport.send(composeOk(message));
      return;
    }
    const response = readResponse(message);
    const branch = /;branch=([^;,\s]+)/.exec(response.header('Via'))?.[1] ?? '';
    if (response.status >= 200) waiting.get(branch)?.(response);
  });
  const { protocol, port } = transport;
  const at = `${bracketed(options.local)}:${port}`;
  const send = (request: SipRequest, branch = newBranch()) =>
    transport.send(composeRequest(request, { protocol, at, branch, userAgent: options.userAgent }));

  const request = (sent: SipRequest) =>
    new Promise<SipResponse | undefined>((resolve) => {
      const branch = newBranch();
      const repeat = () => send(sent, branch);
      const timers = (protocol === 'UDP' ? retransmitAtMs : []).map((ms) => setTimeout(repeat, ms));
      const end = (response?: SipResponse) => {
        for (const timer of timers) clearTimeout(timer);
        waiting.delete(branch);
        resolve(response);
      };
      timers.push(setTimeout(end, giveUpAfterMs));
      waiting.set(branch, (response) => {
        // A refused INVITE is acknowledged inside its transaction.
        if (sent.method === 'INVITE' && response.status >= 300) send(ackOf(sent, response), branch);
        end(response);
      });
      repeat();
    });
  return {
    contact: `<sip:${options.account}@${at};transport=${protocol.toLowerCase()}>`,
    request,
    send: (unanswered) => send(unanswered),
  };
}

/** Sends a request, and once more with the answer to the challenge where there is one. */
export async function requestWithDigest(
  client: SipClient,
  request: SipRequest,
  credentials: Credentials,
): Promise<SipResponse | undefined> {
  const challenge = await client.request(request);
  if (challenge?.status !== 401) return challenge;
  const authorization = authorizationFor(challenge.header('WWW-Authenticate'), request, credentials);
  return client.request({
    ...request,
    sequence: request.sequence + 1,
    headers: [...(request.headers ?? []), authorization],
  });
}

export function ackOf({ uri, from, callId, sequence }: SipRequest, response: SipResponse): SipRequest {
  return { method: 'ACK', uri, from, to: response.header('To'), callId, sequence };
}
