// Many addresses of this host, each of which asks for users that do not exist: REGISTER, INVITE and OPTIONS in turn,
// without credentials. What comes back is not read.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { composeRequest, newBranch, randomToken } from '../sip-message.ts';
import { pause, readOptions, say } from './program.ts';

export interface CrowdOptions {
  readonly server: string;
  readonly sources: readonly string[];
  /** Requests of each. */
  readonly each: number;
  /** Of all together. */
  readonly perSecond: number;
}

export interface CrowdFinding {
  readonly sent: number;
}

const port = 5_060;
const methods = ['REGISTER', 'INVITE', 'OPTIONS'] as const;
const { server, sources, each, perSecond } = readOptions<CrowdOptions>();
const sockets = await Promise.all(
  sources.map(async (source) => {
    const socket = createSocket('udp4');
    socket.bind(port, source);
    await once(socket, 'listening');
    return { socket, source };
  }),
);
const began = performance.now();
let sent = 0;
for (let round = 0; round < each; round += 1) {
  for (const { socket, source } of sockets) {
    const due = began + (sent * 1_000) / perSecond - performance.now();
    if (due > 0) await pause(due);
    socket.send(compose(source, methods[round % methods.length]!), port, server);
    sent += 1;
  }
}
await pause(200);
for (const { socket } of sockets) socket.close();
say<CrowdFinding>({ sent });

function compose(source: string, method: (typeof methods)[number]): string {
  const self = `<sip:${randomToken()}@${server}>`;
  const uri = method === 'INVITE' ? `sip:600@${server}` : `sip:${server}`;
  const headers = [`Contact: <sip:crowd@${source}:${port}>`];
  return composeRequest(
    {
      method,
      uri,
      from: `${self};tag=${randomToken()}`,
      to: self,
      callId: randomToken(),
      sequence: 1,
      headers,
    },
    { protocol: 'UDP', at: `${source}:${port}`, branch: newBranch(), userAgent: 'lab crowd' },
  );
}
