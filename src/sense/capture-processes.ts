// The two programs of a live capture and what joins them: tcpdump writes a FIFO that the sidecar reads. The daemon
// never touches a packet; what it takes from the sidecar is checked against the schema.
import { chmodSync, closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type CaptureSettings,
  capturePipes,
  createMessageReader,
  lineLimit,
  type SidecarMessage,
  sidecarMessage,
  writeMessage,
} from '../capture/protocol.ts';
import { keepLastLines } from '../lib/last-lines.ts';
import { type RunningProcess, runCommand, startProcess } from '../lib/run-command.ts';
import { type Ended, type Ending, explainEnding, tryAgain } from './capture-ending.ts';
import type { SidecarLink } from './sidecar-link.ts';

export interface CaptureCommand {
  readonly tcpdumpArguments: readonly string[];
  readonly sidecarLink: SidecarLink;
  /** A directory for the pipes is made in it, for the moment of starting. Only the sidecar's group may enter. */
  readonly directory: string;
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

/** Nothing of ours, so no secret and no NODE_OPTIONS, reaches the program. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
/** How long a program may take to end when its other half is gone. Milliseconds. */
const sidecarEndsWithinMs = 2_000;
const tcpdumpEndsWithinMs = 8_000;

/** Rejects where the pipes cannot be made; whatever happens to the programs shows in `ended`. Configure it next. */
export async function startCapture(command: CaptureCommand, events: CaptureEvents): Promise<Capture> {
  await clearLeftovers(command.directory);
  const directory = await mkdtemp(join(command.directory, 'sipwarden-capture-'));
  const clear = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    chmodSync(directory, 0o711);
    const pipes = Object.values(capturePipes).map((name) => join(directory, name));
    // Others are the sidecar: nobody else comes as far as this.
    await runCommand('mkfifo', ['-m', '606', ...pipes]);
    const programs = startPrograms(directory, command);
    // AppArmor looks at the packets' name when tcpdump starts: it stays until then.
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

/** What a daemon left that was killed while it started a capture. */
async function clearLeftovers(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name.startsWith('sipwarden-capture-'));
  await Promise.all(names.map((name) => rm(join(directory, name), { recursive: true, force: true })));
}

interface Sidecar {
  readonly settings: Socket;
  readonly observations: Socket;
  readonly ended: Promise<Ended>;
  kill(): void;
}

interface Programs {
  readonly tcpdump: RunningProcess;
  readonly sidecar: Sidecar;
}

/** Of the packets both ends leave our hands, so that the death of one program shows to the other. */
function startPrograms(directory: string, { sidecarLink, tcpdumpArguments }: CaptureCommand): Programs {
  const open = (name: string, flags: number): number =>
    openSync(join(directory, name), flags | constants.O_NONBLOCK);
  // Both ends of each, until the sidecar has its own: nobody waits for another to open, and nothing seems to have ended.
  const held = Object.values(capturePipes).map((name) => open(name, constants.O_RDWR));
  const packets = openSync(join(directory, capturePipes.packets), constants.O_WRONLY);
  try {
    const settings = new Socket({ fd: open(capturePipes.settings, constants.O_WRONLY), readable: false });
    const observations = new Socket({
      fd: open(capturePipes.observations, constants.O_RDONLY),
      writable: false,
    });
    for (const stream of [settings, observations]) stream.on('error', () => {});
    const drained = new Promise((resolve) => observations.once('close', resolve));
    const run = sidecarLink.start(directory);
    void run.started.then(() => {
      for (const descriptor of held) closeSync(descriptor);
    });
    return {
      sidecar: {
        settings,
        observations,
        ended: drained.then(() => run.ended),
        kill() {
          run.kill();
          observations.destroy();
        },
      },
      tcpdump: startProcess('tcpdump', tcpdumpArguments, {
        stdio: ['ignore', packets, 'pipe'],
        env: environment,
      }),
    };
  } finally {
    closeSync(packets);
  }
}

function supervise(
  { tcpdump, sidecar }: Programs,
  liveWithinMs: number,
  events: Omit<CaptureEvents, 'onLive'> & { onLive(): Promise<void>; onEnded(): Promise<void> },
): Capture {
  const stop = (): void => {
    tcpdump.signal('SIGTERM');
    sidecar.settings.end();
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
  const tcpdumpSaid = keepLastLines(tcpdump.stderr, (line) => {
    if (line.includes('listening on')) arrive('tcpdump');
    const drops = /(\d{1,15}) packets? dropped by kernel/.exec(line);
    if (drops) dropped = Number(drops[1]);
  });
  const messages = createMessageReader(sidecarMessage, lineLimit, {
    onMessage: (message) => (message.kind === 'ready' ? arrive('the sidecar') : events.onMessage(message)),
    onRefused: events.onRefused,
  });
  sidecar.observations.on('data', messages.push);
  const ended = endTogether(tcpdump, sidecar).then(async ({ first, tcpdumpExit, sidecarEnded }) => {
    clearTimeout(late);
    await events.onEnded();
    if (isLate) return { message: `${[...missing].join(' and ')} did not get ready in time`, hint: tryAgain };
    return explainEnding({ exit: tcpdumpExit, said: tcpdumpSaid }, sidecarEnded, first);
  });
  return {
    tcpdumpPid: tcpdump.pid,
    configure: (settings) => void sidecar.settings.write(writeMessage({ kind: 'settings', settings })),
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
async function endTogether(tcpdump: RunningProcess, sidecar: Sidecar) {
  const first = await Promise.race([
    tcpdump.exited.then(() => 'tcpdump' as const),
    sidecar.ended.then(() => 'sidecar' as const),
  ]);
  tcpdump.signal('SIGTERM');
  const timer = setTimeout(sidecar.kill, sidecarEndsWithinMs);
  const sidecarEnded = await sidecar.ended;
  clearTimeout(timer);
  sidecar.settings.destroy();
  // One that was started as root has changed its user: without CAP_KILL it ends at its next packet.
  const tcpdumpExit = await Promise.race([
    tcpdump.exited,
    delay(tcpdumpEndsWithinMs, { failure: 'does not end' }, { ref: false }),
  ]);
  return { first, tcpdumpExit, sidecarEnded };
}
