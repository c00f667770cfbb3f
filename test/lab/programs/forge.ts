// What a forger sends under another's address: a scanner's OPTIONS, INVITEs to nobody, REGISTERs with invented
// credentials, requests for provisioning files that are not there or are, ACKs of no call, which nobody answers. The answers
// go to the true owner.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { composeRequest, inventedAuthorization, newBranch, randomToken } from '../sip-message.ts';
import { pause, readOptions, say } from './program.ts';

export type Forgery = 'scan' | 'invite-flood' | 'register' | 'tftp' | 'provisioning' | 'packet-flood';

export interface ForgeOptions {
  readonly forgery: Forgery;
  readonly server: string;
  /** Whose address is written into the packets; an address of this host's, on `lo`. */
  readonly as: string;
  readonly port: number;
  readonly count: number;
  readonly perSecond: number;
}

export interface ForgeFinding {
  readonly sent: number;
}

const { forgery, server, as, port, count, perSecond } = readOptions<ForgeOptions>();
const socket = createSocket({ type: 'udp4', reuseAddr: true });
socket.bind(port, as);
await once(socket, 'listening');
const toPort = forgery === 'tftp' || forgery === 'provisioning' ? 69 : 5_060;
const began = performance.now();
for (let index = 0; index < count; index += 1) {
  const early = began + (index * 1_000) / perSecond - performance.now();
  if (early > 0) await pause(early);
  socket.send(compose(index), toPort, server);
}
await pause(200);
socket.close();
say<ForgeFinding>({ sent: count });

function compose(index: number): Buffer {
  if (forgery === 'tftp') return Buffer.from(`\0\x01SEP00000000${1_000 + index}.cnf.xml\0octet\0`, 'latin1');
  if (forgery === 'provisioning') return Buffer.from(`\0\x01phone${index % 100}.cfg\0octet\0`, 'latin1');
  const [uri, account] = [`sip:${server}`, '100'];
  const self = `<sip:${account}@${server}>`;
  const request = { from: `${self};tag=${randomToken()}`, to: self, callId: randomToken(), sequence: 1 };
  const via = { protocol: 'UDP', at: `${as}:${port}`, branch: newBranch(), userAgent: 'lab forgery' };
  switch (forgery) {
    case 'scan':
      return Buffer.from(
        composeRequest({ ...request, method: 'OPTIONS', uri }, { ...via, userAgent: 'friendly-scanner' }),
      );
    case 'invite-flood':
      return Buffer.from(
        composeRequest({ ...request, method: 'INVITE', uri: `sip:00${index}@${server}` }, via),
      );
    case 'packet-flood':
      return Buffer.from(composeRequest({ ...request, method: 'ACK', uri }, via));
    case 'register': {
      const headers = [`Contact: <sip:${account}@${as}:${port}>`, inventedAuthorization(account, uri)];
      return Buffer.from(composeRequest({ ...request, method: 'REGISTER', uri, headers }, via));
    }
  }
}
