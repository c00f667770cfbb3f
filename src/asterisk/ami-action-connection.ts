// One connection of the actions login: one asterisk-manager, used once. What it has read is handed on by us: it would
// emit each event of a list under the name that the event bears, and 'close', 'error' and 'rawevent' are names of its own.
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
  manager.removeAllListeners('rawevent');
  manager.on('rawevent', (value) => {
    const message = readAnswer(value);
    if (!message || watch.isOver()) return;
    const { response, actionid = '' } = message;
    if (response === undefined) listener.onItem(message);
    else if (ownActionId.test(actionid)) {
      manager.emit(actionid, /^error$/i.test(response) ? value : undefined, value);
    }
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

/** Ours, and that of the package's own login, which is a time. */
const ownActionId = /^(?:[0-9a-f]{32}|\d{13,32})$/;

/** 128 bits: nobody who reads or writes event text can guess which answer we wait for. */
export function randomActionId(): string {
  return randomBytes(16).toString('hex');
}
