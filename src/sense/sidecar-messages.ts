// What one life of a sidecar says, on its way: observations go on, counters are kept, complaints are logged and limited.
import type { SidecarMessage } from '../capture/protocol.ts';
import type { Logger } from '../lib/logger.ts';
import type { SensorOutput } from '../model/sensor.ts';
import type { CaptureCounters, Counts } from './capture-counters.ts';

export interface SidecarEvents {
  onMessage(message: Exclude<SidecarMessage, { kind: 'ready' }>): void;
  /** What the sidecar wrote broke the protocol. */
  onRefused(reason: string): void;
}

export interface ListeningParts {
  readonly observe: SensorOutput['observe'];
  readonly counters: CaptureCounters;
  onCounters(counts: Counts): void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** How many complaints of and about a sidecar are logged in one run. */
const complaintsPerRun = 10;

export function listenToSidecar(parts: ListeningParts): SidecarEvents {
  const { observe, counters, onCounters, logger, signal } = parts;
  let complaints = 0;
  const complain = (details: object, message: string): void => {
    complaints += 1;
    if (complaints <= complaintsPerRun) logger.warn(details, message);
  };
  return {
    onMessage(message) {
      if (signal.aborted) return;
      if (message.kind === 'observations') observe(message.list);
      else if (message.kind === 'fault') complain({ fault: message }, 'the sidecar reports a fault');
      else {
        counters.tell(message.counters);
        onCounters(message.counters);
      }
    },
    onRefused(reason) {
      counters.add('refused');
      complain({ reason }, 'a message of the sidecar was refused');
    },
  };
}
