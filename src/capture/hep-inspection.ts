// The way of what the PBX mirrors through the sidecar: UDP socket -> HEP datagrams -> messages -> observations.
import { createSocket } from 'node:dgram';
import { createOwnAddresses } from '../lib/own-addresses.ts';
import { isIPv6, parseAddress } from '../model/address.ts';
import { createFindings } from './findings.ts';
import { createHepDecoder } from './hep-decoder.ts';
import type { Inspection } from './inspection.ts';
import type { Outbox } from './outbox.ts';
import type { CaptureSettings, HepListener } from './protocol.ts';

/** What waits for us in the kernel, where it allows so much. */
const receiveBytes = 4 * 1024 * 1024;

export interface HepInspectionOptions {
  readonly listener: HepListener;
  readonly settings: CaptureSettings;
  readonly outbox: Outbox;
  onListening(): void;
  /** There is no listening, or no longer. */
  onFailed(error: Error): void;
}

/** Reads datagrams until the process ends. */
export function startHepInspection(options: HepInspectionOptions): Inspection {
  const { listener, settings, outbox, onListening, onFailed } = options;
  const findings = createFindings(settings, outbox, 'hep');
  const ownAddresses = createOwnAddresses(Date.now);
  const decoder = createHepDecoder(settings, listener, {
    isOwn: (address) => ownAddresses().includes(address),
    onMessage(message) {
      findings.count('messages');
      findings.message(message);
    },
    onBehindProxy: () => findings.count('behindProxy'),
    discard: findings.discard,
  });
  const { address, port } = listener.listen;
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', recvBufferSize: receiveBytes });
  let isHandDue = false;
  const handSoon = (): void => {
    if (isHandDue) return;
    isHandDue = true;
    setImmediate(() => {
      isHandDue = false;
      findings.hand();
    });
  };
  socket.on('message', (bytes, { address: text }) => {
    findings.count('datagrams');
    const arrival = { sender: parseAddress(text) ?? text, time: Date.now() };
    findings.guard(() => decoder.datagram(bytes, arrival));
    handSoon();
  });
  socket.on('listening', onListening);
  socket.on('error', onFailed);
  socket.bind(port, address);
  return {
    configure(changed) {
      if (findings.configure(changed)) decoder.configure(changed);
    },
  };
}
