// A program for the packet sensor's tests. As `pbx` it challenges every REGISTER and refuses every answer to that; as
// `client` it sends what standard input says, and prints a line for each answer.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Sending {
  /** Addresses of the client's machine; each sends `text` once. */
  readonly from: readonly string[];
  readonly port: number;
  readonly text: string;
}

const pbxAddress = '192.0.2.1';
const nonce = '1700000000/8d0f2c7e5b9a4f31c6a9d8e7f0b1a2c3';

const clients = new Map<string, Socket>();

if (process.argv[2] === 'pbx') for (const port of [5060, 5080]) await openPbx(port);
process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const { from, port, text } = JSON.parse(line) as Sending;
  for (const address of from) {
    const client = clients.get(address) ?? (await openClient(address));
    client.send(text, port, pbxAddress);
  }
}
process.exit();

async function openPbx(port: number): Promise<void> {
  const pbx = createSocket('udp4');
  pbx.on('message', (bytes, { address, port: clientPort }) => {
    const text = bytes.toString();
    if (text.startsWith('REGISTER ')) pbx.send(answerTo(text), clientPort, address);
  });
  pbx.bind(port, pbxAddress);
  await once(pbx, 'listening');
}

async function openClient(address: string): Promise<Socket> {
  const client = createSocket('udp4');
  client.bind(7000, address);
  await once(client, 'listening');
  client.on('message', () => process.stdout.write('answer\n'));
  clients.set(address, client);
  return client;
}

/** 401 with a nonce, also to a request that bears credentials: all of them are wrong. */
function answerTo(request: string): string {
  const kept = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
  const challenge = `WWW-Authenticate: Digest realm="asterisk",nonce="${nonce}",algorithm=MD5,qop="auth"`;
  return ['SIP/2.0 401 Unauthorized', ...kept, challenge, 'Content-Length: 0', '', ''].join('\r\n');
}
