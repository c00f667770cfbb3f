// Starts sidecars for a daemon that may not change its user any more: it runs as the sidecar's user without any right,
// takes one daemon on its socket, and ends with it. It reads no packet and nothing that a sidecar says.

import { chmodSync, closeSync, constants, openSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  type SidecarName,
  type StarterReport,
  sidecarPipes,
  starterLineLimit,
  starterOrder,
  writeMessage,
} from './capture/protocol.ts';
import { heldRights } from './capture/rights.ts';
import { keepLastLines } from './lib/last-lines.ts';
import { createMessageReader } from './lib/message-reader.ts';
import { type RunningProcess, startProcess } from './lib/run-command.ts';
import { messageOf } from './model/error.ts';

/** A daemon that does not come for so long has failed. Milliseconds. */
const daemonComesWithinMs = 60_000;
/** Nothing of ours, so no secret and no NODE_OPTIONS, reaches the sidecar. */
const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };

// Ctrl-C in the daemon's terminal reaches us too; the daemon's end is ours.
process.on('SIGINT', () => {});

const { values } = parseArgs({
  options: {
    socket: { type: 'string', default: '' },
    sidecar: { type: 'string', default: fileURLToPath(new URL('./sidecar.ts', import.meta.url)) },
  },
});
const held = heldRights();
if (held.length > 0) {
  process.stderr.write(`sidecar-starter: starts nothing while it holds ${held.join(', ')}\n`);
  process.exit(1);
}

const server = createServer();
const lonely = setTimeout(() => process.exit(), daemonComesWithinMs);
server.once('connection', (daemon) => {
  clearTimeout(lonely);
  server.close();
  serve(daemon);
});
rmSync(values.socket, { force: true });
server.listen(values.socket, () => {
  // Who may come this far is said by the folder.
  chmodSync(values.socket, 0o666);
  process.stdout.write('ready\n');
});

function serve(daemon: Socket): void {
  const running = new Map<SidecarName, RunningProcess>();
  const report = (message: StarterReport): void => void daemon.write(writeMessage(message));
  const start = async (name: SidecarName, directory: string): Promise<void> => {
    let sidecar: RunningProcess;
    try {
      sidecar = startSidecar(name, directory);
    } catch (error) {
      const failure = messageOf(error).slice(0, 500);
      return report({ kind: 'ended', sidecar: name, exit: { failure }, said: [failure] });
    }
    running.set(name, sidecar);
    const said = keepLastLines(sidecar.stderr);
    report({ kind: 'started', sidecar: name });
    report({ kind: 'ended', sidecar: name, exit: await sidecar.exited, said: [...said] });
  };
  const orders = createMessageReader(starterOrder, starterLineLimit, {
    onMessage: (order) =>
      order.kind === 'start'
        ? void start(order.sidecar, order.directory)
        : running.get(order.sidecar)?.signal('SIGKILL'),
    onRefused: () => daemon.destroy(),
  });
  daemon.on('data', orders.push).on('error', () => {});
  daemon.on('close', () => {
    for (const sidecar of running.values()) sidecar.signal('SIGKILL');
    process.exit();
  });
}

/** Throws where a pipe cannot be opened. The daemon holds the other ends, so that no opening waits. */
function startSidecar(name: SidecarName, directory: string): RunningProcess {
  const opened: number[] = [];
  const open = (name: string, flags: number): number => {
    opened.push(openSync(join(directory, name), flags));
    return opened.at(-1)!;
  };
  try {
    const packets = name === 'packets' ? [open(sidecarPipes.packets, constants.O_RDONLY)] : [];
    const settings = open(sidecarPipes.settings, constants.O_RDONLY);
    const observations = open(sidecarPipes.observations, constants.O_WRONLY);
    return startProcess(process.execPath, [values.sidecar], {
      stdio: [settings, observations, 'pipe', ...packets],
      env: environment,
    });
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}
