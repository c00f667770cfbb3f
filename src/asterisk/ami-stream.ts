// The events login, kept up: hands events on in batches from a bounded queue, so that the socket is always read (Asterisk
// cuts a slow reader off). What had to be shed is counted.
import { openAmiConnection } from './ami-connection.ts';
import { type AmiLogin, type AmiState, type AmiTiming, amiTiming } from './ami-login.ts';
import { type AmiMessage, eventTimeOf } from './ami-message.ts';
import { keepConnected } from './ami-upkeep.ts';

export interface AmiStreamListener {
  /** In the order in which Asterisk wrote them. */
  onEvents(events: readonly AmiMessage[]): void;
  onState(state: AmiState, detail: string): void;
  /** How far behind the clock the events are, in ms. */
  onLag(lagMs: number): void;
}

export interface AmiStreamCounters {
  readonly events: number;
  /** Events that found the queue full. */
  readonly shed: number;
  /** Messages that were too long or cut off. */
  readonly discarded: number;
  readonly connections: number;
}

export interface AmiStream {
  counters(): AmiStreamCounters;
  close(): void;
}

const queueLimit = 20_000;
const batchSize = 512;

export function createAmiStream({
  login,
  listener,
  now,
  random = Math.random,
  timing = amiTiming,
}: {
  readonly login: AmiLogin;
  readonly listener: AmiStreamListener;
  now(): number;
  random?(): number;
  readonly timing?: AmiTiming;
}): AmiStream {
  const counters = { events: 0, shed: 0, discarded: 0, connections: 0 };
  let queue: AmiMessage[] = [];
  let nextDrain: NodeJS.Immediate | undefined;

  const drain = (): void => {
    const batch = queue.splice(0, batchSize);
    nextDrain = queue.length > 0 ? setImmediate(drain) : undefined;
    const time = batch.map(eventTimeOf).findLast((eventTime) => eventTime !== undefined);
    if (time !== undefined) listener.onLag(Math.max(0, now() - time));
    listener.onEvents(batch);
  };
  const enqueue = (event: AmiMessage): void => {
    counters.events += 1;
    if (queue.length >= queueLimit) counters.shed += 1;
    else queue.push(event);
    nextDrain ??= setImmediate(drain);
  };
  listener.onState('connecting', `connecting to ${login.host} port ${login.port}`);
  const upkeep = keepConnected(
    ({ onLive, onEnd }) => {
      counters.connections += 1;
      return openAmiConnection(login, timing, {
        onEvent: enqueue,
        onDiscard() {
          counters.discarded += 1;
        },
        onPong() {
          if (queue.length === 0) listener.onLag(0);
        },
        onLive() {
          onLive();
          listener.onState('live', `events as ${login.user} from ${login.host} port ${login.port}`);
        },
        onEnd(end) {
          onEnd(end);
          listener.onState(end.state, end.detail);
        },
      });
    },
    timing,
    random,
  );
  return {
    counters: () => ({ ...counters }),
    close() {
      upkeep.close();
      if (nextDrain) clearImmediate(nextDrain);
      queue = [];
    },
  };
}
