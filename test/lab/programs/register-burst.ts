// The attacker's REGISTERs: one for each account at a set pace, each sent once, and how many answers came back.
import {
  bracketed,
  composeRequest,
  inventedAuthorization,
  isResponse,
  newBranch,
  randomToken,
} from '../sip-message.ts';
import { openTransport, type TransportOptions } from '../sip-transport.ts';
import { pause, readOptions, say } from './program.ts';

export interface BurstOptions extends TransportOptions {
  readonly accounts: readonly string[];
  readonly perSecond: number;
  readonly userAgent: string;
  /** With an Authorization that answers no challenge, or without any. */
  readonly withInventedCredentials: boolean;
}

export interface BurstFinding {
  readonly sent: number;
  readonly answered: number;
  /** Its connection was ended before it had sent all. */
  readonly isCut: boolean;
}

const quietMs = 500;
const { accounts, perSecond, userAgent, withInventedCredentials, ...options } = readOptions<BurstOptions>();
const uri = `sip:${bracketed(options.server)}`;
let answered = 0;
const transport = await openTransport(options, (message) => {
  if (isResponse(message)) answered += 1;
});
const at = `${bracketed(options.local)}:${transport.port}`;

const began = performance.now();
for (const [index, account] of accounts.entries()) {
  await pause(began + (index * 1_000) / perSecond - performance.now());
  transport.send(compose(account));
}
await pause(quietMs);
const isCut = transport.isEnded();
transport.close();
say<BurstFinding>({ sent: accounts.length, answered, isCut });

function compose(account: string): string {
  const self = `<sip:${account}@${bracketed(options.server)}>`;
  const headers = [`Contact: <sip:${account}@${at}>`];
  if (withInventedCredentials) headers.push(inventedAuthorization(account, uri));
  const [from, callId] = [`${self};tag=${randomToken()}`, randomToken()];
  return composeRequest(
    { method: 'REGISTER', uri, from, to: self, callId, sequence: 1, headers },
    { protocol: transport.protocol, at, branch: newBranch(), userAgent },
  );
}
