// Many phones behind one address: each registers from a port of its own, all at the same moment, again and again.
import { openSipClient, requestWithDigest, type SipClientOptions } from '../sip-client.ts';
import { bracketed, randomToken } from '../sip-message.ts';
import { pause, readOptions, say } from './program.ts';

export interface SiteOptions extends Omit<SipClientOptions, 'userAgent' | 'account' | 'localPort'> {
  readonly phones: readonly { readonly account: string; readonly password: string; readonly port: number }[];
  readonly everyMs: number;
  readonly userAgent: string;
}

export interface SiteTry {
  readonly account: string;
  /** 0: no answer. */
  readonly status: number;
  /** Epoch ms. */
  readonly time: number;
}

const { phones, everyMs, ...options } = readOptions<SiteOptions>();
const server = bracketed(options.server);
const registering = await Promise.all(
  phones.map(async (phone) => {
    const { account, port } = phone;
    const client = await openSipClient({ ...options, account, localPort: port });
    const self = `<sip:${account}@${server}>`;
    const registration = { from: `${self};tag=${randomToken()}`, to: self, callId: randomToken() };
    const headers = [`Contact: ${client.contact}`, 'Expires: 60'];
    return async (sequence: number) => {
      const request = { ...registration, method: 'REGISTER', uri: `sip:${server}`, sequence, headers };
      const answer = await requestWithDigest(client, request, phone);
      say<SiteTry>({ account, status: answer?.status ?? 0, time: Date.now() });
    };
  }),
);
for (let round = 0; ; round += 1) {
  const next = performance.now() + everyMs;
  await Promise.all(registering.map((register) => register(2 * round + 1)));
  await pause(next - performance.now());
}
