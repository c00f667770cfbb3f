// UserEvents on their way into Asterisk, one after the other. Whoever publishes never waits: what finds the queue full
// pushes the oldest out, and what is lost is counted.
import { codeOf } from '../model/error.ts';
import type { AmiActions } from './ami-actions.ts';
import type { UserEvent } from './user-events.ts';

export interface Publisher {
  /** The event is made when it is sent. */
  publish(make: () => UserEvent): void;
  /** The actions login is live, or is so no more. */
  connect(actions: AmiActions | undefined): void;
  counters(): { readonly published: number; readonly unpublished: number };
}

const queueLimit = 1_000;

export function createPublisher(): Publisher {
  const queue: (() => UserEvent)[] = [];
  const counters = { published: 0, unpublished: 0 };
  let actions: AmiActions | undefined;
  let isSending = false;
  /** Where Asterisk is never there, nobody misses anything. */
  let isMissed = false;

  const send = async (): Promise<void> => {
    if (isSending) return;
    isSending = true;
    for (let make = queue[0]; make && actions; make = queue[0]) {
      const outcome = await sendOne(actions, make());
      // While it was under way, a full queue may have pushed it out.
      if (outcome !== 'not-now' && queue[0] === make) queue.shift();
      if (outcome === 'sent') counters.published += 1;
      else if (outcome === 'refused') counters.unpublished += 1;
      else break;
    }
    isSending = false;
  };
  return {
    publish(make) {
      queue.push(make);
      if (queue.length > queueLimit) {
        queue.shift();
        if (isMissed) counters.unpublished += 1;
      }
      void send();
    },
    connect(live) {
      actions = live;
      isMissed ||= live !== undefined;
      void send();
    },
    counters: () => ({ ...counters }),
  };
}

/** `not-now`: the connection is gone, and the next one tries again. */
async function sendOne(
  actions: AmiActions,
  { name, headers }: UserEvent,
): Promise<'sent' | 'refused' | 'not-now'> {
  try {
    const { response } = await actions.action('UserEvent', { UserEvent: name, ...headers });
    return response === 'Success' ? 'sent' : 'refused';
  } catch (error) {
    const isGone = ['AMI_NOT_CONNECTED', 'AMI_CONNECTION_LOST'].includes(codeOf(error) ?? '');
    return isGone ? 'not-now' : 'refused';
  }
}
