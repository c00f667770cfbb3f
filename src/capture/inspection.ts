// The live way through the sidecar: descriptor -> records -> messages -> observations -> outbox, one read at a time.
// One hostile packet may cost itself, never the capture.
import { createDeadlineTimer } from '../lib/deadline-timer.ts';
import { messageOf } from '../model/error.ts';
import type { Observation } from '../model/observation.ts';
import { readBytes } from './byte-source.ts';
import { createDecoder } from './decoder.ts';
import { observationOf } from './excess.ts';
import type { Outbox } from './outbox.ts';
import { createPcapReader } from './pcap-reader.ts';
import { createPortFilter } from './port-filter.ts';
import type { CaptureSettings } from './protocol.ts';
import { createSipObserver } from './sip-observer.ts';
import { createTally } from './tally.ts';
import { createTftpObserver } from './tftp-observer.ts';

/** Nothing that is due waits for less than this without a packet. Milliseconds. */
const leastWaitMs = 20;

export interface InspectionOptions {
  /** Where the capture comes in. */
  readonly descriptor: number;
  readonly settings: CaptureSettings;
  readonly outbox: Outbox;
  /** Everything that was read is sent. */
  onEnd(): void;
}

/** Reads packets until their stream ends. */
export function startInspection({ descriptor, settings, outbox, onEnd }: InspectionOptions): {
  configure(settings: CaptureSettings): void;
} {
  let found: Observation[] = [];
  let packets = 0;
  let messages = 0;
  const tally = createTally((counters) => outbox.send({ kind: 'counters', counters }));
  const discard = (reason: string): void => void tally.add(`discarded.${reason}`);
  const ports = createPortFilter(settings);
  const observer = createSipObserver(settings, {
    emit: (observation) => void found.push(observation),
    count: discard,
  });
  const tftp = createTftpObserver({ emit: (observation) => void found.push(observation), count: discard });
  const decoder = createDecoder({
    isProtected: ports.includes,
    onMessage(message) {
      messages += 1;
      observer.message(message);
    },
    onForeign: observer.message,
    onTftp: tftp.message,
    onExcess: (excess) => void found.push(observationOf(excess)),
    discard,
  });
  const guard = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (tally.add('discarded.fault') === 1) {
        outbox.send({ kind: 'fault', code: 'SIDECAR_FAULT', message: messageOf(error).slice(0, 500) });
      }
    }
  };
  const reader = createPcapReader({
    onPacket(packet) {
      packets += 1;
      guard(() => decoder.packet(packet));
    },
    onDiscard: discard,
  });

  const hand = (): void => {
    tally.add('packets', packets);
    tally.add('messages', messages);
    packets = 0;
    messages = 0;
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
    // Packets that wait in the pipe happened before this moment: they are read first.
    wake: () =>
      void setImmediate(() => {
        guard(() => observer.advance(Date.now()));
        hand();
      }),
  });

  readBytes(descriptor, {
    onBytes(bytes) {
      reader.push(bytes);
      hand();
    },
    onEnd() {
      reader.end();
      observer.end();
      hand();
      outbox.end({ kind: 'counters', counters: tally.totals() }, onEnd);
    },
  });
  return {
    configure(changed) {
      try {
        observer.configure(changed);
      } catch (error) {
        outbox.send({ kind: 'fault', code: 'SETTINGS_REFUSED', message: messageOf(error).slice(0, 500) });
        return;
      }
      ports.configure(changed);
      hand();
    },
  };
}
