// One sidecar and the pipes to it. What comes back is a stranger's word until the schema has passed it.
import { chmodSync, closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { type SidecarName, sidecarPipes } from '../capture/protocol.ts';
import { runCommand } from '../lib/run-command.ts';
import type { Ended } from './capture-ending.ts';
import type { SidecarLink } from './sidecar-link.ts';

export interface PipeFolder {
  readonly path: string;
  clear(): Promise<void>;
}

export interface Sidecar {
  readonly settings: Socket;
  readonly observations: Socket;
  readonly ended: Promise<Ended>;
  kill(): void;
}

const prefixes = { packets: 'sipwarden-capture-', hep: 'sipwarden-hep-' } as const;

/** In `parent`, where only the sidecar's group may enter. Clears away what a daemon left that was killed meanwhile. */
export async function makePipeFolder(parent: string, name: SidecarName): Promise<PipeFolder> {
  const leftovers = (await readdir(parent)).filter((entry) => entry.startsWith(prefixes[name]));
  await Promise.all(leftovers.map((entry) => rm(join(parent, entry), { recursive: true, force: true })));
  const path = await mkdtemp(join(parent, prefixes[name]));
  const clear = (): Promise<void> => rm(path, { recursive: true, force: true });
  try {
    chmodSync(path, 0o711);
    // Others are the sidecar: nobody else comes as far as this.
    await runCommand('mkfifo', ['-m', '606', ...pipesOf(name).map((pipe) => join(path, pipe))]);
  } catch (error) {
    await clear();
    throw error;
  }
  return { path, clear };
}

/** Neither end of the packets' pipe stays in our hands, so that the death of one program shows to the other. */
export function startSidecar(folder: string, name: SidecarName, link: SidecarLink): Sidecar {
  const open = (pipe: string, flags: number): number =>
    openSync(join(folder, pipe), flags | constants.O_NONBLOCK);
  // Both ends of each, until the sidecar has its own: nobody waits for another to open, and nothing seems to have ended.
  const held = pipesOf(name).map((pipe) => open(pipe, constants.O_RDWR));
  const settings = new Socket({ fd: open(sidecarPipes.settings, constants.O_WRONLY), readable: false });
  const observations = new Socket({
    fd: open(sidecarPipes.observations, constants.O_RDONLY),
    writable: false,
  });
  for (const stream of [settings, observations]) stream.on('error', () => {});
  const drained = new Promise((resolve) => observations.once('close', resolve));
  const run = link.start(name, folder);
  void run.started.then(() => {
    for (const descriptor of held) closeSync(descriptor);
  });
  return {
    settings,
    observations,
    ended: drained.then(() => run.ended),
    kill() {
      run.kill();
      observations.destroy();
    },
  };
}

function pipesOf(name: SidecarName): readonly string[] {
  const { packets, ...both } = sidecarPipes;
  return name === 'packets' ? [packets, ...Object.values(both)] : Object.values(both);
}
