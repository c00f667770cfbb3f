// A real TCP server that speaks as much AMI as Asterisk 22 does here: banner, MD5 and plain login, ping, scripted answers.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { AmiTiming } from '../../src/asterisk/ami-login.ts';
import { banner } from './ami-bytes.ts';

export type Action = Readonly<Record<string, string>>;

export interface AmiServer {
  readonly port: number;
  /** The actions that came, of all connections, names of headers in lower case. */
  readonly actions: readonly Action[];
  connections(): number;
  /** To whoever is logged in and did not ask to be spared. */
  write(text: string): void;
  dropAll(): void;
  halfCloseAll(): void;
  close(): Promise<void>;
}

export interface AmiServerScript {
  readonly users?: Readonly<Record<string, string>>;
  /** What is sent first; the banner where nothing is said. */
  readonly greeting?: string;
  /** Answers an action with lines (the ActionID is added), or undefined for the usual answer, or 'silence'. */
  answer?(action: Action, connection: number): readonly string[] | undefined | 'silence';
  /** Whether it says so to whoever logs in for the class `system`; it does where nothing is said. */
  isBooted?(): boolean;
}

/** Waits that a test can sit out. */
export const quickTiming: AmiTiming = {
  loginMs: 2_000,
  pingEveryMs: 60_000,
  pingAnswerMs: 50,
  reconnectLeastMs: 10,
  reconnectMostMs: 40,
  retryRefusedMs: 60_000,
  hearMs: 60_000,
  retryLackingMs: 60_000,
  steadyMs: 60_000,
};

export async function startAmiServer({
  users = { reader: 'secret-of-reader' },
  greeting = banner,
  answer,
  isBooted = () => true,
}: AmiServerScript = {}): Promise<AmiServer> {
  const actions: Action[] = [];
  const sockets = new Set<Socket>();
  const loggedIn = new Set<Socket>();
  let connections = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = ++connections;
    let held = '';
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      sockets.delete(socket);
      loggedIn.delete(socket);
    });
    socket.write(greeting);
    socket.setEncoding('utf8');
    socket.on('data', (text) => {
      const messages = (held + text).split('\r\n\r\n');
      held = messages.pop() ?? '';
      for (const message of messages) takeAction(socket, connection, readAction(message));
    });
  });
  const takeAction = (socket: Socket, connection: number, action: Action): void => {
    actions.push(action);
    const scripted = answer?.(action, connection);
    if (scripted === 'silence') return;
    const [first = '', ...rest] = scripted ?? usualAnswer(action, users);
    socket.write(`${[first, `ActionID: ${action.actionid}`, ...rest].join('\r\n')}\r\n\r\n`);
    if (!/^login$/i.test(action.action ?? '')) return;
    if (first === 'Response: Error') socket.end();
    else if (first === 'Response: Success' && (action.events ?? action.event) !== 'off') {
      loggedIn.add(socket);
      if (/\bsystem\b/.test(action.events ?? '') && isBooted()) socket.write(fullyBooted);
    }
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    actions,
    connections: () => connections,
    write: (text) => loggedIn.forEach((socket) => void socket.write(text)),
    dropAll: () => sockets.forEach((socket) => void socket.destroy()),
    halfCloseAll: () => sockets.forEach((socket) => void socket.end()),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export const fullyBooted = 'Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n';

const challenge = '871926512';

function usualAnswer(action: Action, users: Readonly<Record<string, string>>): readonly string[] {
  switch (action.action?.toLowerCase()) {
    case 'challenge':
      return ['Response: Success', `Challenge: ${challenge}`];
    case 'login':
      return isAccepted(action, users[action.username ?? ''])
        ? ['Response: Success', 'Message: Authentication accepted']
        : ['Response: Error', 'Message: Authentication failed'];
    case 'ping':
      return ['Response: Success', 'Ping: Pong'];
    default:
      return ['Response: Error', 'Message: Invalid/unknown command'];
  }
}

function isAccepted(action: Action, secret: string | undefined): boolean {
  if (secret === undefined) return false;
  return (
    action.key === createHash('md5').update(`${challenge}${secret}`).digest('hex') || action.secret === secret
  );
}

function readAction(message: string): Action {
  const headers = message.split('\r\n').map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trimStart()];
  });
  return Object.fromEntries(headers);
}
