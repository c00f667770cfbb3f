// Whole SIP messages over UDP or TCP, for the lab's clients. It trusts its peer, the lab's own PBX.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';

export interface SipTransport {
  readonly protocol: 'UDP' | 'TCP';
  readonly port: number;
  send(message: string): void;
  close(): void;
}

export interface TransportOptions {
  readonly protocol: 'UDP' | 'TCP';
  readonly server: string;
  /** Must be an address of the host that this runs on. */
  readonly local: string;
  /** Any free port where it is left out. */
  readonly localPort?: number;
}

const serverPort = 5060;

export function openTransport(
  options: TransportOptions,
  onMessage: (message: string) => void,
): Promise<SipTransport> {
  return options.protocol === 'UDP' ? openUdp(options, onMessage) : openTcp(options, onMessage);
}

async function openUdp(
  { server, local, localPort = 0 }: TransportOptions,
  onMessage: (message: string) => void,
): Promise<SipTransport> {
  const socket = createSocket(local.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (bytes) => onMessage(bytes.toString()));
  socket.bind(localPort, local);
  await once(socket, 'listening');
  return {
    protocol: 'UDP',
    port: socket.address().port,
    send: (message) => socket.send(message, serverPort, server),
    close: () => socket.close(),
  };
}

async function openTcp(
  { server, local, localPort }: TransportOptions,
  onMessage: (message: string) => void,
): Promise<SipTransport> {
  const socket = connect({
    host: server,
    port: serverPort,
    localAddress: local,
    ...(localPort === undefined ? {} : { localPort }),
  });
  await once(socket, 'connect');
  let received = '';
  socket.on('error', () => socket.destroy());
  socket.setEncoding('utf8').on('data', (text: string) => {
    const { messages, rest } = splitStream(received + text);
    received = rest;
    messages.forEach(onMessage);
  });
  return {
    protocol: 'TCP',
    port: socket.localPort ?? 0,
    send: (message) => void socket.write(message),
    close: () => socket.destroy(),
  };
}

/** Whole messages by their Content-Length, which is characters as well as bytes: the lab's PBX writes ASCII. */
function splitStream(text: string): { messages: string[]; rest: string } {
  const messages: string[] = [];
  let rest = text;
  for (;;) {
    const head = rest.indexOf('\r\n\r\n');
    if (head < 0) return { messages, rest };
    const body = Number(/^Content-Length:\s*(\d+)/im.exec(rest.slice(0, head))?.[1] ?? 0);
    const end = head + 4 + body;
    if (rest.length < end) return { messages, rest };
    messages.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
}
