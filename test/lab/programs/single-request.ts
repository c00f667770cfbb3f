// One request with whatever its sender claims of itself, answered to a challenge where there is one. Says the final status.
import {
  authorizationFor,
  type Credentials,
  composeRequest,
  isResponse,
  newBranch,
  readResponse,
  type SipRequest,
  type SipResponse,
} from '../sip-message.ts';
import { openTransport, type TransportOptions } from '../sip-transport.ts';
import { readOptions, say } from './program.ts';

export interface SingleRequestOptions extends TransportOptions {
  readonly request: SipRequest;
  /** What the Via says; the answers come back all the same (rport). */
  readonly at: string;
  readonly credentials?: Credentials;
}

export interface SingleRequestFinding {
  /** 0: no answer. */
  readonly status: number;
}

const patienceMs = 3_000;
const { request, at, credentials, ...options } = readOptions<SingleRequestOptions>();
let onFinal: (response: SipResponse | undefined) => void = () => {};
const transport = await openTransport(options, (message) => {
  const response = isResponse(message) ? readResponse(message) : undefined;
  if (response && response.status >= 200) onFinal(response);
});

const challenge = await send(request);
const answered =
  challenge?.status === 401 && credentials
    ? await send({
        ...request,
        sequence: request.sequence + 1,
        headers: [
          ...(request.headers ?? []),
          authorizationFor(challenge.header('WWW-Authenticate'), request, credentials),
        ],
      })
    : challenge;
transport.close();
say<SingleRequestFinding>({ status: answered?.status ?? 0 });

function send(sent: SipRequest): Promise<SipResponse | undefined> {
  const { promise, resolve } = Promise.withResolvers<SipResponse | undefined>();
  onFinal = resolve;
  const timer = setTimeout(() => resolve(undefined), patienceMs);
  transport.send(
    composeRequest(sent, { protocol: transport.protocol, at, branch: newBranch(), userAgent: 'lab' }),
  );
  return promise.finally(() => clearTimeout(timer));
}
