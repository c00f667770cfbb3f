// A second connection of the events login, which tells that something has changed. It is apart from the first because
// callers write parts of its events, and could write a whole security event there.
import type { Alarms } from '../model/alarm.ts';
import type { AmiLogin, AmiState, AmiTiming } from './ami-login.ts';
import { type AmiStream, createAmiStream } from './ami-stream.ts';
import { changeOf, type InventoryChange } from './inventory-change.ts';

export interface ChangeStream {
  /** To be called while the first connection is live: Asterisk may refuse that one while this one is there. */
  open(): void;
  close(): void;
}

export interface ChangeStreamListener {
  onChange(change: InventoryChange): void;
  /** Its login was accepted: Asterisk has just told those who may hear of security that somebody logged in. */
  onLive(): void;
  /** Something of it was lost. */
  onMissed(): void;
  /** Nothing is heard any more. The first thing after it is `booted`, at once or when Asterisk has done so. */
  onUnheard(): void;
}

const unheard = 'AMI_CHANGES_UNHEARD';
const hint =
  'run "sipwarden setup": its events login needs two connections and the class "call" (manager.d/sipwarden.conf)';

export function createChangeStream({
  login,
  alarms,
  now,
  timing,
  listener: { onChange, onLive, onMissed, onUnheard },
}: {
  readonly login: AmiLogin;
  readonly alarms: Alarms;
  now(): number;
  readonly timing: AmiTiming;
  readonly listener: ChangeStreamListener;
}): ChangeStream {
  let stream: AmiStream | undefined;
  let isBootKnown = false;
  let lost = 0;

  const onState = (state: AmiState, detail: string): void => {
    if (state === 'live') {
      alarms.clear(unheard);
      onLive();
    } else {
      isBootKnown = false;
      onUnheard();
    }
    if (state === 'down' || state === 'refused') {
      alarms.raise(unheard, `changes of phones, trunks and calls are not heard: ${detail}`, hint);
    }
  };
  const take = (change: InventoryChange): void => {
    // Asterisk says it once a connection, and before any call; a later one was written by a caller.
    if (change.kind === 'booted' && isBootKnown) return;
    if (change.kind === 'booted') isBootKnown = true;
    onChange(change);
  };
  const close = (): void => {
    stream?.close();
    stream = undefined;
    alarms.clear(unheard);
    onUnheard();
  };
  return {
    open() {
      close();
      lost = 0;
      stream = createAmiStream({
        login: { ...login, events: 'system,call' },
        now,
        timing,
        listener: {
          onState,
          onLag() {},
          onEvents(events) {
            for (const event of events) {
              const change = changeOf(event);
              if (change) take(change);
            }
            const { shed = 0, discarded = 0 } = stream?.counters() ?? {};
            if (shed + discarded > lost) onMissed();
            lost = shed + discarded;
          },
        },
      });
    },
    close,
  };
}
