// What lies where, beside the control socket.
import { dirname, join } from 'node:path';

export interface RunFolders {
  readonly directory: string;
  /** The daemon's, where the sidecar's group may enter: pipes between the programs of a capture, while they start. */
  readonly capture: string;
  /** The sidecar's, where the daemon's group may enter. */
  readonly starter: string;
  readonly starterSocket: string;
  /** The daemon's, with the group of Asterisk's command line: the limited control socket. */
  readonly asterisk: string;
  readonly asteriskSocket: string;
}

export function runFolders(controlSocket: string): RunFolders {
  const directory = dirname(controlSocket);
  const starter = join(directory, 'starter');
  const asterisk = join(directory, 'asterisk');
  return {
    directory,
    capture: join(directory, 'capture'),
    starter,
    starterSocket: join(starter, 'socket'),
    asterisk,
    asteriskSocket: join(asterisk, 'control.sock'),
  };
}
