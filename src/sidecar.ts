// The sidecar: a capture comes in on descriptor 3, observations leave on standard output, settings come on standard
// input. It reads bytes that attackers wrote, so it holds no right of any kind, decides nothing and enforces nothing.
import { startInspection } from './capture/inspection.ts';
import { createOutbox } from './capture/outbox.ts';
import { createMessageReader, daemonMessage, settingsLineLimit, sidecarExit } from './capture/protocol.ts';
import { heldRights } from './capture/rights.ts';
import { messageOf } from './model/error.ts';

process.on('uncaughtException', (error) => exit(sidecarExit.fault, messageOf(error)));
// Ctrl-C in the daemon's terminal reaches us too; the daemon says when to go.
process.on('SIGINT', () => {});

const held = heldRights();
if (held.length > 0) exit(sidecarExit.privileged, `reads no packet while it holds ${held.join(', ')}`);

const outbox = createOutbox(1, () => process.exit(sidecarExit.daemonGone));
let inspection: ReturnType<typeof startInspection> | undefined;

const settingsReader = createMessageReader(daemonMessage, settingsLineLimit, {
  onMessage({ settings }) {
    if (inspection) return inspection.configure(settings);
    const onEnd = () => process.exit(sidecarExit.packetsEnded);
    inspection = startInspection({ descriptor: 3, settings, outbox, onEnd });
    outbox.send({ kind: 'ready', pid: process.pid, uid: process.getuid?.() ?? 0 });
  },
  onRefused: (reason) => outbox.send({ kind: 'fault', code: 'SETTINGS_REFUSED', message: reason }),
});
process.stdin.on('data', (chunk) => settingsReader.push(chunk));
process.stdin.on('close', () => process.exit(sidecarExit.daemonGone));

function exit(code: number, reason: string): never {
  process.stderr.write(`sidecar: ${reason}\n`);
  process.exit(code);
}
