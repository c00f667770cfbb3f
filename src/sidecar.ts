// The sidecar: a capture comes in on descriptor 3, or what the PBX mirrors on a socket; observations leave on standard
// output, settings come on standard input. It reads bytes that attackers wrote, so it holds no right of any kind, decides
// nothing and enforces nothing.

import { startHepInspection } from './capture/hep-inspection.ts';
import { type Inspection, startInspection } from './capture/inspection.ts';
import { createOutbox } from './capture/outbox.ts';
import { daemonMessage, settingsLineLimit, sidecarExit } from './capture/protocol.ts';
import { heldRights } from './capture/rights.ts';
import { createMessageReader } from './lib/message-reader.ts';
import { messageOf } from './model/error.ts';

process.on('uncaughtException', (error) => exit(sidecarExit.fault, messageOf(error)));
// Ctrl-C in the daemon's terminal reaches us too; the daemon says when to go.
process.on('SIGINT', () => {});

const held = heldRights();
if (held.length > 0) exit(sidecarExit.privileged, `reads no packet while it holds ${held.join(', ')}`);

const outbox = createOutbox(1, () => process.exit(sidecarExit.daemonGone));
let inspection: Inspection | undefined;
const ready = () => outbox.send({ kind: 'ready', pid: process.pid, uid: process.getuid?.() ?? 0 });

const settingsReader = createMessageReader(daemonMessage, settingsLineLimit, {
  onMessage({ settings, hep: listener }) {
    if (inspection) return inspection.configure(settings);
    if (listener) {
      const onFailed = (error: Error) => exit(sidecarExit.cannotListen, messageOf(error));
      inspection = startHepInspection({ listener, settings, outbox, onListening: ready, onFailed });
      return;
    }
    const onEnd = () => process.exit(sidecarExit.packetsEnded);
    inspection = startInspection({ descriptor: 3, settings, outbox, onEnd });
    ready();
  },
  onRefused: (reason) => outbox.send({ kind: 'fault', code: 'SETTINGS_REFUSED', message: reason }),
});
process.stdin.on('data', (chunk) => settingsReader.push(chunk));
process.stdin.on('close', () => process.exit(sidecarExit.daemonGone));

function exit(code: number, reason: string): never {
  process.stderr.write(`sidecar: ${reason}\n`);
  process.exit(code);
}
