// The daemon's end of the sidecars' starter: asks it for sidecars, one of each kind at a time, and hears how each ended.

import { connect, type Socket } from 'node:net';
import {
  type SidecarName,
  type StarterOrder,
  type StarterReport,
  starterLineLimit,
  starterReport,
  writeMessage,
} from '../capture/protocol.ts';
import { createMessageReader } from '../lib/message-reader.ts';
import type { Ended } from './capture-ending.ts';

export interface SidecarRun {
  /** The sidecar has its pipes, or never will: `ended` tells. */
  readonly started: Promise<void>;
  readonly ended: Promise<Ended>;
  kill(): void;
}

export interface SidecarLink {
  /** A sidecar on the named pipes in that directory. Not before the last one of that name ended. */
  start(sidecar: SidecarName, directory: string): SidecarRun;
  /** The starter ends, and with it the sidecars that still run. */
  close(): void;
}

interface Run {
  onStarted(): void;
  onEnded(ended: Ended): void;
}

const gone = 'its starter is gone';

/** Connects at once and keeps the connection: the starter serves one daemon, waits a minute for it, and ends with it. */
export function createSidecarLink(socketPath: string): SidecarLink {
  const runs = new Map<SidecarName, Run>();

  const end = (sidecar: SidecarName, ended: Ended): void => {
    const run = runs.get(sidecar);
    runs.delete(sidecar);
    run?.onStarted();
    run?.onEnded(ended);
  };
  const hear = (report: StarterReport): void => {
    if (report.kind === 'started') runs.get(report.sidecar)?.onStarted();
    else end(report.sidecar, report);
  };
  const open = (): Socket => {
    let failure = gone;
    const opened = connect(socketPath);
    const reports = createMessageReader(starterReport, starterLineLimit, {
      onMessage: hear,
      onRefused: () => opened.destroy(),
    });
    opened.on('data', reports.push);
    opened.on('error', (error: NodeJS.ErrnoException) => {
      failure = `${gone} (${error.code ?? error.message})`;
    });
    opened.on('close', () => {
      socket = undefined;
      for (const sidecar of [...runs.keys()]) end(sidecar, { exit: { failure }, said: [failure] });
    });
    return opened;
  };
  let socket: Socket | undefined = open();
  const order = (message: StarterOrder): void => void socket?.write(writeMessage(message));

  return {
    start(sidecar, directory) {
      const started = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<Ended>();
      runs.set(sidecar, { onStarted: started.resolve, onEnded: ended.resolve });
      socket ??= open();
      order({ kind: 'start', sidecar, directory });
      return {
        started: started.promise,
        ended: ended.promise,
        kill: () => order({ kind: 'kill', sidecar }),
      };
    },
    close: () => socket?.destroy(),
  };
}
