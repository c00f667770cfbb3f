// Whole SIP messages over UDP, TCP, TLS or WSS, for the lab's clients. It trusts its peer, the lab's own PBX.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

export type Protocol = 'UDP' | 'TCP' | 'TLS' | 'WSS';

export interface SipTransport {
  readonly protocol: Protocol;
  readonly port: number;
  send(message: string): void;
  /** Ended by the other side, or by somebody between. */
  isEnded(): boolean;
  close(): void;
}

export interface TransportOptions {
  readonly protocol: Protocol;
  readonly server: string;
  /** Must be an address of the host that this runs on. */
  readonly local: string;
  /** Any free port where it is left out. */
  readonly localPort?: number;
}

const serverPort = 5060;
const tlsPort = 5061;
const wssPort = 8089;

export function openTransport(
  options: TransportOptions,
  onMessage: (message: string) => void,
): Promise<SipTransport> {
  if (options.protocol === 'UDP') return openUdp(options, onMessage);
  return options.protocol === 'WSS' ? openWebSocket(options, onMessage) : openStream(options, onMessage);
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
    isEnded: () => false,
    close: () => socket.close(),
  };
}

async function openStream(
  { protocol, server, local, localPort }: TransportOptions,
  onMessage: (message: string) => void,
): Promise<SipTransport> {
  const ends = { host: server, localAddress: local, ...(localPort === undefined ? {} : { localPort }) };
  const socket =
    protocol === 'TLS'
      ? connectTls({ ...ends, port: tlsPort, rejectUnauthorized: false })
      : connect({ ...ends, port: serverPort });
  await once(socket, protocol === 'TLS' ? 'secureConnect' : 'connect');
  let received = '';
  socket.on('error', () => socket.destroy());
  socket.setEncoding('utf8').on('data', (text: string) => {
    const { messages, rest } = splitStream(received + text);
    received = rest;
    messages.forEach(onMessage);
  });
  return {
    protocol,
    port: socket.localPort ?? 0,
    send: (message) => void socket.write(message),
    isEnded: () => socket.destroyed,
    close: () => socket.destroy(),
  };
}

/** RFC 7118. The port in a Via means nothing there, and this client's own is not told. */
async function openWebSocket(
  { protocol, server }: TransportOptions,
  onMessage: (message: string) => void,
): Promise<SipTransport> {
  // Node's client takes no option for one connection; the lab's certificate is its own.
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  const socket = new WebSocket(`wss://${server}:${wssPort}/ws`, 'sip');
  socket.addEventListener('message', ({ data }) => onMessage(String(data)));
  await once(socket, 'open');
  return {
    protocol,
    port: wssPort,
    send: (message) => socket.readyState === WebSocket.OPEN && socket.send(message),
    isEnded: () => socket.readyState !== WebSocket.OPEN,
    close: () => socket.close(),
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
