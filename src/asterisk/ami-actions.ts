// The actions login: asks Asterisk and tells it what to do, through asterisk-manager, fenced in. Its user reads no events,
// so no event's text reaches that package; each connection has a Manager of its own, and we reconnect ourselves.
import type { Manager } from 'asterisk-manager';
import { SipwardenError } from '../model/error.ts';
import { openActionConnection, randomActionId } from './ami-action-connection.ts';
import { type AmiAnswer, cleanHeaders, readAnswer } from './ami-answer.ts';
import { type AmiLogin, type AmiState, type AmiTiming, amiTiming } from './ami-login.ts';
import { keepConnected } from './ami-upkeep.ts';

type Headers = Readonly<Record<string, string>>;

export interface AmiActions {
  /**
   * Asterisk's answer; a refusal (`response` is `Error`) is an answer too. Rejects with AMI_NOT_CONNECTED, AMI_TIMEOUT,
   * AMI_CONNECTION_LOST, AMI_VALUE_TOO_LONG.
   */
  action(name: string, headers?: Headers): Promise<AmiAnswer>;
  /**
   * The events of a list, without the last; empty where Asterisk found none, or has no such list: the module is not
   * there. Rejects with AMI_ACTION_REFUSED,
   * AMI_LIST_TOO_LONG and AMI_LIST_INCOMPLETE too.
   */
  list(name: string, headers?: Headers): Promise<readonly AmiAnswer[]>;
  state(): { readonly state: AmiState; readonly detail: string };
  close(): void;
}

interface Question<Result> {
  resolve(result: Result): void;
  reject(error: SipwardenError): void;
}
interface Pending {
  onAnswer(answer: AmiAnswer): void;
  onItem(item: AmiAnswer): void;
  onLost(detail: string): void;
}

const listLimit = 50_000;

export function createAmiActions({
  login,
  random = Math.random,
  timing = amiTiming,
  timeoutMs = 5_000,
  onState,
  onAnswer,
}: {
  readonly login: AmiLogin;
  random?(): number;
  readonly timing?: AmiTiming;
  /** For one action, or for one whole list. */
  readonly timeoutMs?: number;
  /** Whenever it has become live, or is so no more. */
  onState?(state: AmiState, detail: string): void;
  /** Whether its user may do what was asked. */
  onAnswer?(action: string, isPermitted: boolean): void;
}): AmiActions {
  const pending = new Map<string, Pending>();
  let current: { state: AmiState; detail: string } = { state: 'connecting', detail: 'connecting' };
  let live: Manager | undefined;

  const loseAll = (state: AmiState, detail: string): void => {
    live = undefined;
    current = { state, detail };
    for (const { onLost } of pending.values()) onLost(detail);
  };
  const ask = async <Result>(
    name: string,
    headers: Headers,
    begin: (question: Question<Result>) => Omit<Pending, 'onLost'>,
  ): Promise<Result> => {
    const clean = cleanHeaders({ ...headers, action: name });
    const manager = live;
    if (!manager) throw notConnected(current.detail);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const actionId = randomActionId();
    const timer = setTimeout(() => reject(timedOut(name, timeoutMs)), timeoutMs);
    pending.set(actionId, { ...begin({ resolve, reject }), onLost: (detail) => reject(lost(name, detail)) });
    manager.action({ ...clean, actionid: actionId }, (_refusal, value) => {
      const answer = readAnswer(value);
      if (answer) onAnswer?.(name, !isDenied(answer));
      if (answer) pending.get(actionId)?.onAnswer(answer);
    });
    return promise.finally(() => {
      clearTimeout(timer);
      pending.delete(actionId);
      manager.removeAllListeners(actionId);
    });
  };
  const upkeep = keepConnected(
    ({ onLive, onEnd }) =>
      openActionConnection(login, timing, {
        onItem: (item) => pending.get(item.actionid ?? '')?.onItem(item),
        onLive(manager) {
          live = manager;
          current = { state: 'live', detail: `actions as ${login.user}` };
          onLive();
          onState?.('live', current.detail);
        },
        onEnd(end) {
          loseAll(end.state, end.detail);
          onEnd(end);
          onState?.(end.state, end.detail);
        },
      }),
    timing,
    random,
  );
  return {
    action: (name, headers = {}) =>
      ask<AmiAnswer>(name, headers, ({ resolve }) => ({ onAnswer: resolve, onItem() {} })),
    list: (name, headers = {}) =>
      ask<readonly AmiAnswer[]>(name, headers, (question) => collectList(name, question)),
    state: () => current,
    close() {
      upkeep.close();
      loseAll('down', 'closed');
    },
  };
}

function collectList(
  name: string,
  { resolve, reject }: Question<readonly AmiAnswer[]>,
): Omit<Pending, 'onLost'> {
  const items: AmiAnswer[] = [];
  return {
    onAnswer({ response, message = '' }) {
      if (response === 'Success') return;
      // How Asterisk 22 says that a list is empty ("No Contacts found"), and each one that it knows no such action.
      if (/^(No .{1,60} found|Invalid\/unknown command\b.*)\s*$/i.test(message)) resolve([]);
      else
        reject(
          new SipwardenError('AMI_ACTION_REFUSED', `Asterisk refused ${name}: ${message.slice(0, 200)}`),
        );
    },
    onItem(item) {
      if (item.eventlist === 'Complete') {
        // Some lists count only what they are about, and hold further events.
        if (items.length >= Number(item.listitems ?? 0)) resolve(items);
        else reject(new SipwardenError('AMI_LIST_INCOMPLETE', `${name} lists less than it says`));
      } else if (items.push(item) > listLimit) {
        reject(new SipwardenError('AMI_LIST_TOO_LONG', `${name} lists more than ${listLimit} entries`));
      }
    },
  };
}

function isDenied({ response, message = '' }: AmiAnswer): boolean {
  return response === 'Error' && /^Permission denied/i.test(message);
}

function notConnected(detail: string): SipwardenError {
  return new SipwardenError('AMI_NOT_CONNECTED', `there is no action login to Asterisk: ${detail}`, {
    hint: '"sipwarden status" says why; "sipwarden setup" makes the login',
  });
}

function timedOut(name: string, timeoutMs: number): SipwardenError {
  return new SipwardenError('AMI_TIMEOUT', `Asterisk did not answer ${name} within ${timeoutMs} ms`);
}

function lost(name: string, detail: string): SipwardenError {
  return new SipwardenError(
    'AMI_CONNECTION_LOST',
    `the connection ended before the answer to ${name}: ${detail}`,
  );
}
