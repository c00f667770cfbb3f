// One connection of the actions login: one asterisk-manager, used once. Its 'connect', 'error' and 'close' events are
// believed only because this user is sent no events (read = empty).
import { randomBytes } from 'node:crypto';
import createManager, { type Manager } from 'asterisk-manager';
import { type AmiAnswer, readAnswer } from './ami-answer.ts';
import { type AmiEnd, type AmiLogin, type AmiTiming, endOfRefusedLogin } from './ami-login.ts';
import { type Connection, watchConnection } from './ami-upkeep.ts';

export interface AmiActionListener {
  onLive(manager: Manager): void;
  /** An event of a list that was asked for. */
  onItem(item: AmiAnswer): void;
  onEnd(end: AmiEnd): void;
}

export function openActionConnection(
  { host, port, user, secret }: AmiLogin,
  timing: AmiTiming,
  listener: AmiActionListener,
): Connection {
  const where = `${host} port ${port}`;
  const manager = createManager(undefined, host, user, secret(), false);
  const watch = watchConnection({
    timing,
    where,
    destroy: () => manager.disconnect(),
    onEnd: listener.onEnd,
    ping: (onPong) => manager.action({ action: 'Ping', actionid: randomActionId() }, onPong),
  });
  const onLogin = (refusal: unknown): void => {
    if (watch.isOver()) return;
    if (refusal) watch.end(endOfRefusedLogin(readAnswer(refusal)?.message ?? '', user));
    else {
      watch.goLive();
      listener.onLive(manager);
    }
  };
  manager.on('managerevent', (value) => {
    const item = readAnswer(value);
    if (item && !watch.isOver()) listener.onItem(item);
  });
  manager.on('error', (error) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    watch.end({ state: 'down', detail: `cannot talk to ${where}: ${code}` });
  });
  manager.on('close', () =>
    watch.end({ state: 'down', detail: `Asterisk closed the connection to ${where}` }),
  );
  manager.connect(port, host, () => {
    if (!watch.isOver()) manager.login(onLogin);
  });
  return watch;
}

/** 128 bits: nobody who reads or writes event text can guess which answer we wait for. */
export function randomActionId(): string {
  return randomBytes(16).toString('hex');
}
