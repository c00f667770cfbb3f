// The two programs of a live capture and what joins them: tcpdump writes a FIFO that the sidecar reads. The daemon
// never touches a packet; what it takes from the sidecar is checked against the schema.
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type CaptureSettings,
  createMessageReader,
  lineLimit,
  type SidecarMessage,
  sidecarMessage,
  writeMessage,
} from '../capture/protocol.ts';
import { createLineReader } from '../lib/line-reader.ts';
import { type RunningProcess, runCommand, startProcess } from '../lib/run-command.ts';
import { type Ending, explainEnding, tryAgain } from './capture-ending.ts';

export interface CaptureCommand {
  readonly tcpdumpArguments: readonly string[];
  /** The sidecar's file for Node, and the user that it becomes. */
  readonly sidecarFile: string;
  readonly sidecarUser: string;
  /** A private directory is made in it, for the moment of starting. */
  readonly runtimeDirectory: string;
  /** How long both programs may take to start. Milliseconds, 15 s where nothing is said. */
  readonly liveWithinMs?: number;
}

export interface CaptureEvents {
  /** tcpdump listens and the sidecar reads. */
  onLive(): void;
  onMessage(message: Exclude<SidecarMessage, { kind: 'ready' }>): void;
  /** What the sidecar wrote broke the protocol. */
  onRefused(reason: string): void;
}

export interface Capture {
  readonly tcpdumpPid: number | undefined;
  /** The sidecar reads no packet before it was told its settings once. */
  configure(settings: CaptureSettings): void;
  /** What the kernel dropped, as tcpdump said last; it is asked to say it again. Not to be believed for NFLOG. */
  askDrops(): number;
  /** Ends both programs; `ended` resolves afterwards. */
  stop(): void;
  /** Resolves when both programs are gone. */
  readonly ended: Promise<Ending>;
}

/** Nothing of ours, so no secret and no NODE_OPTIONS, reaches the programs. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
const withoutRights = ['--no-new-privs', '--inh-caps=-all', '--ambient-caps=-all', '--'];
/** How long a program may take to end when its other half is gone. Milliseconds. */
const sidecarEndsWithinMs = 2_000;
const tcpdumpEndsWithinMs = 8_000;
/** What is kept of a program's standard error: the last lines, in bytes each. */
const saidLines = 5;
const saidBytes = 500;

/** Rejects where the FIFO cannot be made; whatever happens to the programs shows in `ended`. Configure it next. */
export async function startCapture(command: CaptureCommand, events: CaptureEvents): Promise<Capture> {
  const directory = await mkdtemp(join(command.runtimeDirectory, 'sipwarden-capture-'));
  const clear = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    // AppArmor's profile lets tcpdump write to *.pcap and looks at the name when tcpdump starts: it stays until then.
    const fifo = join(directory, 'packets.pcap');
    await runCommand('mkfifo', ['-m', '600', fifo]);
    const programs = startPrograms(fifo, command);
    return supervise(programs, command.liveWithinMs ?? 15_000, {
      ...events,
      onLive: () => clear().then(events.onLive),
      onEnded: clear,
    });
  } catch (error) {
    await clear();
    throw error;
  }
}

interface Programs {
  readonly tcpdump: RunningProcess;
  readonly sidecar: RunningProcess;
}

/** Both ends of the FIFO leave our hands, so that the death of one program shows to the other. */
function startPrograms(
  fifo: string,
  { sidecarFile, sidecarUser, tcpdumpArguments }: CaptureCommand,
): Programs {
  const reading = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(fifo, constants.O_WRONLY);
  const node = [process.execPath, sidecarFile, '--user', sidecarUser];
  try {
    return {
      sidecar: startProcess('setpriv', [...withoutRights, ...node], {
        stdio: ['pipe', 'pipe', 'pipe', reading],
        env: environment,
      }),
      tcpdump: startProcess('tcpdump', tcpdumpArguments, {
        stdio: ['ignore', writing, 'pipe'],
        env: environment,
      }),
    };
  } finally {
    closeSync(reading);
    closeSync(writing);
  }
}

function supervise(
  { tcpdump, sidecar }: Programs,
  liveWithinMs: number,
  events: Omit<CaptureEvents, 'onLive'> & { onLive(): Promise<void>; onEnded(): Promise<void> },
): Capture {
  const stop = (): void => {
    tcpdump.signal('SIGTERM');
    sidecar.stdin?.end();
  };
  let dropped = 0;
  const missing = new Set(['tcpdump', 'the sidecar']);
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    stop();
  }, liveWithinMs);
  const arrive = (program: string): void => {
    if (!missing.delete(program) || missing.size > 0) return;
    clearTimeout(late);
    void events.onLive();
  };
  const tcpdumpSaid = readSaid(tcpdump.stderr, (line) => {
    if (line.includes('listening on')) arrive('tcpdump');
    const drops = /(\d{1,15}) packets? dropped by kernel/.exec(line);
    if (drops) dropped = Number(drops[1]);
  });
  const sidecarSaid = readSaid(sidecar.stderr, () => {});
  const messages = createMessageReader(sidecarMessage, lineLimit, {
    onMessage: (message) => (message.kind === 'ready' ? arrive('the sidecar') : events.onMessage(message)),
    onRefused: events.onRefused,
  });
  sidecar.stdout?.on('data', messages.push);
  const ended = endTogether(tcpdump, sidecar).then(async ({ first, tcpdumpExit, sidecarExit }) => {
    clearTimeout(late);
    await events.onEnded();
    if (isLate) return { message: `${[...missing].join(' and ')} did not get ready in time`, hint: tryAgain };
    return explainEnding(
      { exit: tcpdumpExit, said: tcpdumpSaid },
      { exit: sidecarExit, said: sidecarSaid },
      first,
    );
  });
  return {
    tcpdumpPid: tcpdump.pid,
    configure: (settings) => void sidecar.stdin?.write(writeMessage({ kind: 'settings', settings })),
    askDrops() {
      // Before it listens, the signal would kill it.
      if (!missing.has('tcpdump')) tcpdump.signal('SIGUSR1');
      return dropped;
    },
    stop,
    ended,
  };
}

/** One program is of no use without the other. The sidecar first reads what is left in the FIFO. */
async function endTogether(tcpdump: RunningProcess, sidecar: RunningProcess) {
  const first = await Promise.race([
    tcpdump.exited.then(() => 'tcpdump' as const),
    sidecar.exited.then(() => 'sidecar' as const),
  ]);
  tcpdump.signal('SIGTERM');
  const timer = setTimeout(() => sidecar.signal('SIGKILL'), sidecarEndsWithinMs);
  const sidecarExit = await sidecar.exited;
  clearTimeout(timer);
  // Without CAP_KILL we cannot end a tcpdump that changed its user; it ends at its next packet.
  const tcpdumpExit = await Promise.race([
    tcpdump.exited,
    delay(tcpdumpEndsWithinMs, { failure: 'does not end' }, { ref: false }),
  ]);
  return { first, tcpdumpExit, sidecarExit };
}

/** The last lines that a program said, kept up to date. */
function readSaid(stream: Readable | null, onLine: (line: string) => void): readonly string[] {
  const said: string[] = [];
  const take = (line: string): void => {
    said.push(line);
    if (said.length > saidLines) said.shift();
    onLine(line);
  };
  stream?.on('data', createLineReader(saidBytes, take, () => {}).push);
  return said;
}
