// A program for the packet tests, run inside a namespace: listens on the UDP and TCP ports of its arguments and prints
// what came; sends what its standard input says. JSON lines both ways.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface Sending {
  /** Over TCP the connection of a source and a port is made once and stays until `reset`. */
  readonly protocol?: 'udp' | 'tcp';
  readonly from: string;
  /** The source port; any where there is none. */
  readonly fromPort?: number;
  readonly to: string;
  readonly port: number;
  readonly count: number;
  readonly text: string;
}

/** `reset`: ends every TCP connection so that the kernel sends nothing more for it. */
export type PeerOrder = Sending | 'reset';

/** What came to a port of ours, or `ready` once, or `sent` for each line of input. */
export type PeerLine =
  | { readonly kind: 'ready' | 'sent' }
  /** A connection to us was ended here, by somebody else than its two ends. */
  | { readonly kind: 'cut'; readonly from: string; readonly fromPort: number }
  | {
      readonly kind: 'packet';
      readonly protocol: 'udp' | 'tcp';
      readonly from: string;
      readonly fromPort: number;
      readonly port: number;
      readonly text: string;
    };

const say = (line: PeerLine) => process.stdout.write(`${JSON.stringify(line)}\n`);
const typeOf = (address: string) => (address.includes(':') ? 'udp6' : 'udp4');

for (const port of process.argv.slice(2).map(Number)) {
  for (const address of ['0.0.0.0', '::']) {
    const socket = createSocket({ type: typeOf(address), ipv6Only: address === '::' });
    socket.on('message', (bytes, { address: from, port: fromPort }) => {
      const text = bytes.toString();
      say({ kind: 'packet', protocol: 'udp', from, fromPort, port, text });
      if (text.startsWith('answer ')) socket.send(text.slice('answer '.length), fromPort, from);
    });
    socket.bind(port, address);
    await once(socket, 'listening');
  }
  const server = createServer((connection) => {
    const { remoteAddress = '', remotePort: fromPort = 0 } = connection;
    const from = remoteAddress.replace(/^::ffff:/, '');
    connection.on('data', (bytes) =>
      say({ kind: 'packet', protocol: 'tcp', from, fromPort, port, text: bytes.toString() }),
    );
    connection.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNABORTED') say({ kind: 'cut', from, fromPort });
    });
  });
  await once(server.listen(port), 'listening');
}
say({ kind: 'ready' });

const connections = new Map<string, Socket>();

for await (const line of createInterface(process.stdin)) {
  const order = JSON.parse(line) as PeerOrder;
  if (order === 'reset') reset();
  else if (order.protocol === 'tcp') write(order);
  else await sendDatagrams(order);
  say({ kind: 'sent' });
}
process.exit();

async function sendDatagrams({ from, fromPort = 0, to, port, count, text }: Sending): Promise<void> {
  const socket = createSocket(typeOf(from));
  socket.bind(fromPort, from);
  await once(socket, 'listening');
  for (let index = 0; index < count; index += 1) {
    await new Promise((resolve) => socket.send(text, port, to, resolve));
  }
  socket.close();
}

/** Waits for nothing: what a firewall stops is never acknowledged. */
function write({ from, fromPort, to, port, count, text }: Sending): void {
  const key = `${from} ${fromPort} ${port}`;
  const connection =
    connections.get(key) ?? connect({ host: to, port, localAddress: from, localPort: fromPort });
  connection.on('error', () => {});
  connections.set(key, connection);
  for (let index = 0; index < count; index += 1) connection.write(text);
}

function reset(): void {
  for (const connection of connections.values()) {
    // One that is not made yet would first wait until it is.
    if (connection.connecting) connection.destroy();
    else connection.resetAndDestroy();
  }
  connections.clear();
}
