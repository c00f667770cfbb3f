// The way of packets through the sidecar: descriptor -> records -> messages -> observations, one read at a time.
import { readBytes } from './byte-source.ts';
import { createDecoder } from './decoder.ts';
import { observationOf } from './excess.ts';
import { createFindings } from './findings.ts';
import type { Outbox } from './outbox.ts';
import { createPcapReader } from './pcap-reader.ts';
import { createPortFilter } from './port-filter.ts';
import type { CaptureSettings } from './protocol.ts';
import { createTftpObserver } from './tftp-observer.ts';

/** Takes changed settings while it reads. */
export interface Inspection {
  configure(settings: CaptureSettings): void;
}

export interface InspectionOptions {
  /** Where the capture comes in. */
  readonly descriptor: number;
  readonly settings: CaptureSettings;
  readonly outbox: Outbox;
  /** Everything that was read is sent. */
  onEnd(): void;
}

/** Reads packets until their stream ends. */
export function startInspection({ descriptor, settings, outbox, onEnd }: InspectionOptions): Inspection {
  let packets = 0;
  let messages = 0;
  const findings = createFindings(settings, outbox, 'packets');
  const { emit, discard } = findings;
  const ports = createPortFilter(settings);
  const tftp = createTftpObserver({ emit, count: discard });
  const decoder = createDecoder({
    isProtected: ports.includes,
    onMessage(message) {
      messages += 1;
      findings.message(message);
    },
    onForeign: findings.message,
    onTftp: tftp.message,
    onExcess: (excess) => emit(observationOf(excess)),
    discard,
  });
  const reader = createPcapReader({
    onPacket(packet) {
      packets += 1;
      findings.guard(() => decoder.packet(packet));
    },
    onDiscard: discard,
  });

  const hand = (): void => {
    findings.count('packets', packets);
    findings.count('messages', messages);
    packets = 0;
    messages = 0;
    findings.hand();
  };

  readBytes(descriptor, {
    onBytes(bytes) {
      reader.push(bytes);
      hand();
    },
    onEnd() {
      reader.end();
      hand();
      findings.end(onEnd);
    },
  });
  return {
    configure(changed) {
      if (!findings.configure(changed)) return;
      ports.configure(changed);
      hand();
    },
  };
}
