// Run on its own: an AMI server that lets one reader in and writes it security events at a rate that no Asterisk was seen to
// exceed. Asterisk cuts off whoever leaves its writes waiting for too long, and so does this; prints its port, and at the
// end what it wrote.
import { createServer, type Socket } from 'node:net';
import { banner, failedGuess, toBytes, toLines } from './ami-bytes.ts';

const [perSecond = 0, seconds = 0, writeTimeoutMs = 0] = process.argv.slice(2).map(Number);
const tickMs = 5;
/** Asterisk writes one by one, and waits for each. */
const eventsAtOnce = 128;

const server = createServer((socket) => {
  socket.write(banner);
  socket.setEncoding('utf8');
  socket.on('error', () => {});
  let held = '';
  socket.on('data', (text: string) => {
    const messages = (held + text).split('\r\n\r\n');
    held = messages.pop() ?? '';
    for (const message of messages) answer(socket, message);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  say({ port: typeof address === 'object' ? address?.port : undefined });
});

function answer(socket: Socket, message: string): void {
  const id = /ActionID: (\w+)/.exec(message)?.[1];
  socket.write(`Response: Success\r\nActionID: ${id}\r\nChallenge: 1\r\n\r\n`);
  if (/^Action: Login/m.test(message)) void storm(socket);
}

async function storm(socket: Socket): Promise<void> {
  const begun = performance.now();
  let written = 0;
  let waitedLongestMs = 0;
  while (written < perSecond * seconds && !socket.destroyed) {
    const onTime = Math.ceil(((performance.now() - begun) * perSecond) / 1_000);
    const due = Math.min(perSecond * seconds, onTime, written + eventsAtOnce);
    let text = '';
    for (; written < due; written += 1) text += eventNumber(written);
    if (!socket.write(text)) {
      const waits = performance.now();
      const cut = setTimeout(() => socket.destroy(), writeTimeoutMs);
      await new Promise<void>((resolve) => {
        socket.once('drain', resolve);
        socket.once('close', () => resolve());
      });
      clearTimeout(cut);
      waitedLongestMs = Math.max(waitedLongestMs, performance.now() - waits);
    }
    if (due === onTime) await new Promise((resolve) => setTimeout(resolve, tickMs));
  }
  say({ written, isCut: socket.destroyed, waitedLongestMs: Math.round(waitedLongestMs) });
}

const template = toBytes(toLines(failedGuess({ AccountID: 'ACCOUNT', EventTV: 'WHEN' })));
const [head = '', middle = '', tail = ''] = template.split(/WHEN|ACCOUNT/);

function eventNumber(number: number): string {
  const when = new Date().toISOString().replace('Z', '+0000');
  return `${head}${when}${middle}${number}${tail}`;
}

function say(said: object): void {
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
