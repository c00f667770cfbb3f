// A program for the packet tests, run inside a namespace: listens on the UDP and TCP ports of its arguments and prints
// what came; sends what its standard input says. JSON lines both ways.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

export interface Sending {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly count: number;
  readonly text: string;
}

/** A datagram that came to a port of ours, or `ready` once, or `sent` for each line of input. */
export type PeerLine =
  | { readonly kind: 'ready' | 'sent' }
  | { readonly kind: 'packet'; readonly from: string; readonly port: number; readonly text: string };

const say = (line: PeerLine) => process.stdout.write(`${JSON.stringify(line)}\n`);
const typeOf = (address: string) => (address.includes(':') ? 'udp6' : 'udp4');

for (const port of process.argv.slice(2).map(Number)) {
  for (const address of ['0.0.0.0', '::']) {
    const socket = createSocket({ type: typeOf(address), ipv6Only: address === '::' });
    socket.on('message', (bytes, { address: from, port: fromPort }) => {
      const text = bytes.toString();
      say({ kind: 'packet', from, port, text });
      if (text.startsWith('answer ')) socket.send(text.slice('answer '.length), fromPort, from);
    });
    socket.bind(port, address);
    await once(socket, 'listening');
  }
  createServer((connection) => connection.end()).listen(port);
}
say({ kind: 'ready' });

for await (const line of createInterface(process.stdin)) {
  const { from, to, port, count, text } = JSON.parse(line) as Sending;
  const socket = createSocket(typeOf(from));
  socket.bind(0, from);
  await once(socket, 'listening');
  for (let index = 0; index < count; index += 1) {
    await new Promise((resolve) => socket.send(text, port, to, resolve));
  }
  socket.close();
  say({ kind: 'sent' });
}
process.exit();
