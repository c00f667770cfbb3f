// The two programs of a live capture and what joins them: tcpdump writes a FIFO that the sidecar reads. The daemon
// never touches a packet; what it takes from the sidecar is checked against the schema.

import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type CaptureSettings,
  lineLimit,
  sidecarMessage,
  sidecarPipes,
  writeMessage,
} from '../capture/protocol.ts';
import { keepLastLines } from '../lib/last-lines.ts';
import { createMessageReader } from '../lib/message-reader.ts';
import { type RunningProcess, startProcess } from '../lib/run-command.ts';
import { type Ending, explainEnding, tryAgain } from './capture-ending.ts';
import type { SidecarLink } from './sidecar-link.ts';
import type { SidecarEvents } from './sidecar-messages.ts';
import { makePipeFolder, type Sidecar, startSidecar } from './sidecar-process.ts';

export interface CaptureCommand {
  readonly tcpdumpArguments: readonly string[];
  readonly sidecarLink: SidecarLink;
  /** A directory for the pipes is made in it, for the moment of starting. Only the sidecar's group may enter. */
  readonly directory: string;
  /** How long both programs may take to start. Milliseconds, 15 s where nothing is said. */
  readonly liveWithinMs?: number;
}

export interface CaptureEvents extends SidecarEvents {
  /** tcpdump listens and the sidecar reads. */
  onLive(): void;
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
  const folder = await makePipeFolder(command.directory, 'packets');
  try {
    const programs = startPrograms(folder.path, command);
    // AppArmor looks at the packets' name when tcpdump starts: it stays until then.
    return supervise(programs, command.liveWithinMs ?? 15_000, {
      ...events,
      onLive: () => folder.clear().then(events.onLive),
      onEnded: folder.clear,
    });
  } catch (error) {
    await folder.clear();
    throw error;
  }
}

interface Programs {
  readonly tcpdump: RunningProcess;
  readonly sidecar: Sidecar;
}

function startPrograms(folder: string, { sidecarLink, tcpdumpArguments }: CaptureCommand): Programs {
  const sidecar = startSidecar(folder, 'packets', sidecarLink);
  const packets = openSync(join(folder, sidecarPipes.packets), constants.O_WRONLY);
  try {
    const stdio = ['ignore', packets, 'pipe'] as const;
    return { sidecar, tcpdump: startProcess('tcpdump', tcpdumpArguments, { stdio, env: environment }) };
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
