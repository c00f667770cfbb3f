// A starter of sidecars under the user nobody, as the launcher leaves it to the daemon. Needs root.
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { handOverFolder } from '../../src/launch/ownership.ts';
import { startStarter } from '../../src/launch/start-starter.ts';
import { runFolders } from '../../src/run-folders.ts';
import { createSidecarLink } from '../../src/sense/sidecar-link.ts';

const nobody = { uid: 65_534, gid: 65_534 };

/** In a directory of the test's own. */
export async function openStarter(runtimeDirectory: string, sidecarFile?: string) {
  const { capture, starter, starterSocket } = runFolders(join(runtimeDirectory, 'control.sock'));
  await chmod(runtimeDirectory, 0o711);
  handOverFolder(capture, { uid: 0, gid: nobody.gid, mode: 0o710 }, () => true);
  handOverFolder(starter, { ...nobody, mode: 0o750 }, () => true);
  const { pid } = await startStarter({
    account: nobody,
    socket: starterSocket,
    ...(sidecarFile === undefined ? {} : { sidecarFile }),
  });
  return { pid, sidecarLink: createSidecarLink(starterSocket), directory: capture };
}
