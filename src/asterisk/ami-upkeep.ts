// What keeps an AMI login alive: the deadlines and pings of one connection, and the next connection after its end.
import type { AmiEnd, AmiTiming } from './ami-login.ts';
import { createReconnectDelay } from './reconnect-delay.ts';

export interface Connection {
  /** Says nothing to anybody any more. */
  close(): void;
}

export interface ConnectionWatch extends Connection {
  isOver(): boolean;
  end(reason: AmiEnd): void;
  /** The login was accepted: pings begin. */
  goLive(): void;
}

/** Watches one connection from now on. `onEnd` is called once, and never after `close`. */
export function watchConnection({
  timing,
  where,
  ping,
  destroy,
  onEnd,
}: {
  readonly timing: AmiTiming;
  readonly where: string;
  ping(onPong: () => void): void;
  destroy(): void;
  onEnd(end: AmiEnd): void;
}): ConnectionWatch {
  let isOver = false;
  let deadline: NodeJS.Timeout;
  let nextPing: NodeJS.Timeout | undefined;
  const close = (): void => {
    isOver = true;
    clearTimeout(deadline);
    clearTimeout(nextPing);
    destroy();
  };
  const end = (reason: AmiEnd): void => {
    if (isOver) return;
    close();
    onEnd(reason);
  };
  const expectAnswer = (ms: number, detail: string): void => {
    clearTimeout(deadline);
    deadline = setTimeout(end, ms, { state: 'down', detail });
  };
  const pingLater = (): void => {
    clearTimeout(deadline);
    nextPing = setTimeout(() => {
      expectAnswer(timing.pingAnswerMs, `Asterisk at ${where} did not answer a ping in time`);
      ping(() => {
        if (!isOver) pingLater();
      });
    }, timing.pingEveryMs);
  };
  expectAnswer(timing.loginMs, `no answer of an Asterisk manager interface at ${where}`);
  return {
    isOver: () => isOver,
    close,
    end,
    goLive: pingLater,
  };
}

/** Opens a connection, and another one whenever it has ended: soon after a loss, seldom after a refusal. */
export function keepConnected(
  open: (listener: { onLive(): void; onEnd(end: AmiEnd): void }) => Connection,
  timing: AmiTiming,
  random?: () => number,
): Connection {
  const delay = createReconnectDelay(
    { leastMs: timing.reconnectLeastMs, mostMs: timing.reconnectMostMs },
    random,
  );
  let retryTimer: NodeJS.Timeout | undefined;
  let steadyTimer: NodeJS.Timeout | undefined;
  const connect = (): Connection =>
    open({
      onLive() {
        steadyTimer = setTimeout(delay.reset, timing.steadyMs);
      },
      onEnd({ state }) {
        clearTimeout(steadyTimer);
        const waitMs = state === 'refused' ? timing.retryRefusedMs : delay.nextMs();
        retryTimer = setTimeout(() => {
          connection = connect();
        }, waitMs);
      },
    });
  let connection = connect();
  return {
    close() {
      clearTimeout(retryTimer);
      clearTimeout(steadyTimer);
      connection.close();
    },
  };
}
