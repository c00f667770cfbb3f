// The sidecar that listens to what the PBX mirrors: started, told what it needs, and ended. The daemon reads no datagram.

import {
  type CaptureSettings,
  type HepListener,
  lineLimit,
  sidecarMessage,
  writeMessage,
} from '../capture/protocol.ts';
import { createMessageReader } from '../lib/message-reader.ts';
import { type Ending, explainHepEnding, tryAgain } from './capture-ending.ts';
import type { SidecarLink } from './sidecar-link.ts';
import type { SidecarEvents } from './sidecar-messages.ts';
import { makePipeFolder, type Sidecar, startSidecar } from './sidecar-process.ts';

export interface ReceiverCommand {
  readonly sidecarLink: SidecarLink;
  /** A directory for the pipes is made in it, for the moment of starting. Only the sidecar's group may enter. */
  readonly directory: string;
  readonly listener: HepListener;
  readonly settings: CaptureSettings;
}

export interface ReceiverEvents extends SidecarEvents {
  /** The sidecar listens. */
  onLive(): void;
}

export interface Receiver {
  configure(settings: CaptureSettings): void;
  /** `ended` resolves afterwards. */
  stop(): void;
  readonly ended: Promise<Ending>;
}

/** How long the sidecar may take to listen, and to end. Milliseconds. */
const liveWithinMs = 15_000;
const endsWithinMs = 2_000;

/** Rejects where the pipes cannot be made; whatever happens to the sidecar shows in `ended`. */
export async function startReceiver(command: ReceiverCommand, events: ReceiverEvents): Promise<Receiver> {
  const { sidecarLink, directory, listener, settings } = command;
  const folder = await makePipeFolder(directory, 'hep');
  try {
    const sidecar = startSidecar(folder.path, 'hep', sidecarLink);
    const receiver = supervise(sidecar, events, folder.clear);
    sidecar.settings.write(writeMessage({ kind: 'settings', settings, hep: listener }));
    return receiver;
  } catch (error) {
    await folder.clear();
    throw error;
  }
}

function supervise(sidecar: Sidecar, events: ReceiverEvents, clear: () => Promise<void>): Receiver {
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    sidecar.kill();
  }, liveWithinMs);
  const messages = createMessageReader(sidecarMessage, lineLimit, {
    onMessage(message) {
      if (message.kind !== 'ready') return events.onMessage(message);
      clearTimeout(late);
      void clear().then(events.onLive);
    },
    onRefused: events.onRefused,
  });
  sidecar.observations.on('data', messages.push);
  let killing: NodeJS.Timeout | undefined;
  const ended = sidecar.ended.then(async (end) => {
    clearTimeout(late);
    clearTimeout(killing);
    sidecar.settings.destroy();
    await clear();
    return isLate
      ? { message: 'the sidecar did not get ready in time', hint: tryAgain }
      : explainHepEnding(end);
  });
  return {
    configure: (settings) => void sidecar.settings.write(writeMessage({ kind: 'settings', settings })),
    stop() {
      sidecar.settings.end();
      killing ??= setTimeout(sidecar.kill, endsWithinMs);
    },
    ended,
  };
}
