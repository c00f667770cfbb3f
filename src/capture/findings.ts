// What both kinds of sidecar make of SIP messages: observations on their way to the daemon, and the tally of everything
// seen and not used. One hostile message may cost itself, never the program.
import { createDeadlineTimer } from '../lib/deadline-timer.ts';
import { messageOf } from '../model/error.ts';
import type { Observation, SensorName } from '../model/observation.ts';
import type { Outbox } from './outbox.ts';
import type { Discard, WireMessage } from './packet.ts';
import type { CaptureSettings } from './protocol.ts';
import { createSipObserver } from './sip-observer.ts';
import { createTally } from './tally.ts';

/** Nothing that is due waits for less than this without a message. Milliseconds. */
const leastWaitMs = 20;

export interface Findings {
  /** A SIP message, or what came to a port for SIP. */
  message(message: WireMessage): void;
  emit(observation: Observation): void;
  readonly discard: Discard;
  count(name: string, count?: number): void;
  /** Does what a stranger's bytes may make fail. */
  guard(work: () => void): void;
  /** Sends what was found since the last time. */
  hand(): void;
  /** False where the settings cannot be used, and those of before stay. */
  configure(settings: CaptureSettings): boolean;
  /** Everything is read: sends what is held back, and calls back when it is written. */
  end(onEnd: () => void): void;
}

export function createFindings(
  settings: CaptureSettings,
  outbox: Outbox,
  seenBy: Exclude<SensorName, 'ami'>,
): Findings {
  let found: Observation[] = [];
  const tally = createTally((counters) => outbox.send({ kind: 'counters', counters }));
  const discard = (reason: string): void => void tally.add(`discarded.${reason}`);
  const emit = (observation: Observation): void => void found.push(observation);
  const observer = createSipObserver(settings, { emit, count: discard, seenBy });
  const guard = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (tally.add('discarded.fault') === 1) {
        outbox.send({ kind: 'fault', code: 'SIDECAR_FAULT', message: messageOf(error).slice(0, 500) });
      }
    }
  };
  const hand = (): void => {
    if (found.length > 0) {
      tally.add('shed', outbox.sendObservations(found));
      found = [];
    }
    timer.rearm();
  };
  const timer = createDeadlineTimer({
    nextDeadline: observer.nextDeadline,
    now: Date.now,
    leastMs: leastWaitMs,
    // What waits to be read happened before this moment: it is read first.
    wake: () =>
      void setImmediate(() => {
        guard(() => observer.advance(Date.now()));
        hand();
      }),
  });
  return {
    message: observer.message,
    emit,
    discard,
    count: (name, count) => void tally.add(name, count),
    guard,
    hand,
    configure(changed) {
      try {
        observer.configure(changed);
        return true;
      } catch (error) {
        outbox.send({ kind: 'fault', code: 'SETTINGS_REFUSED', message: messageOf(error).slice(0, 500) });
        return false;
      }
    },
    end(onEnd) {
      observer.end();
      hand();
      outbox.end({ kind: 'counters', counters: tally.totals() }, onEnd);
    },
  };
}
