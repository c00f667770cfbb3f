// One AMI connection of the events login, from the first packet to its end: MD5 login, ping, framing. Nothing of it
// survives; the next connection is another one. It never acts upon what an event says.
import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { type AmiEnd, type AmiLogin, type AmiTiming, endOfRefusedLogin } from './ami-login.ts';
import type { AmiMessage } from './ami-message.ts';
import { type AmiDiscard, createAmiReader } from './ami-reader.ts';
import { type Connection, watchConnection } from './ami-upkeep.ts';

export interface AmiConnectionListener {
  onLive(): void;
  onEvent(event: AmiMessage): void;
  onDiscard(reason: AmiDiscard): void;
  /** Asterisk answered a ping: it is there, and has written everything that came before. */
  onPong(): void;
  onEnd(end: AmiEnd): void;
}

export function openAmiConnection(
  { host, port, user, secret, events = 'on' }: AmiLogin,
  timing: AmiTiming,
  listener: AmiConnectionListener,
): Connection {
  const where = `${host} port ${port}`;
  const socket = connect({ host, port, noDelay: true });
  const answers = new Map<string, (answer: AmiMessage) => void>();

  const send = (headers: Readonly<Record<string, string>>, onAnswer: (answer: AmiMessage) => void): void => {
    const actionId = randomBytes(16).toString('hex');
    answers.set(actionId, onAnswer);
    const lines = Object.entries({ ...headers, ActionID: actionId }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  };
  const watch = watchConnection({
    timing,
    where,
    destroy: () => socket.destroy(),
    onEnd: listener.onEnd,
    ping: (onPong) =>
      send({ Action: 'Ping' }, () => {
        onPong();
        listener.onPong();
      }),
  });
  const refuse = ({ headers }: AmiMessage): void => watch.end(endOfRefusedLogin(headers.Message ?? '', user));
  const accept = (): void => {
    watch.goLive();
    listener.onLive();
  };
  // The secret itself never travels: whoever sits on the port while Asterisk is down learns nothing of use.
  const login = (): void =>
    send({ Action: 'Challenge', AuthType: 'MD5' }, (challenge) => {
      if (challenge.name !== 'Success') return refuse(challenge);
      const key = createHash('md5').update(`${challenge.headers.Challenge}${secret()}`).digest('hex');
      send({ Action: 'Login', AuthType: 'MD5', Username: user, Key: key, Events: events }, (answer) =>
        answer.name === 'Success' ? accept() : refuse(answer),
      );
    });
  const takeAnswer = (answer: AmiMessage): void => {
    const actionId = answer.headers.ActionID ?? '';
    const onAnswer = answers.get(actionId);
    answers.delete(actionId);
    onAnswer?.(answer);
  };
  const reader = createAmiReader({
    onDiscard: listener.onDiscard,
    onMessage(message) {
      if (watch.isOver()) return;
      if (message.kind === 'event') listener.onEvent(message);
      else if (message.kind === 'banner') login();
      else takeAnswer(message);
    },
  });

  socket.on('data', (chunk) => reader.push(chunk));
  socket.on('error', (error: NodeJS.ErrnoException) =>
    watch.end({ state: 'down', detail: `cannot talk to ${where}: ${error.code ?? 'unknown error'}` }),
  );
  socket.on('close', () => {
    if (watch.isOver()) return;
    reader.end();
    watch.end({ state: 'down', detail: `Asterisk closed the connection to ${where}` });
  });
  return watch;
}
