// A folder that stands first in the PATH where an enforcer is to find iptables-legacy under the name of iptables.
import { mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../src/lib/run-command.ts';

/** The caller removes it. */
export async function linkLegacyIptables(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sipwarden-legacy-'));
  for (const program of ['iptables', 'ip6tables'].flatMap((name) => [`${name}-save`, `${name}-restore`])) {
    const { stdout } = await runCommand('which', [program.replace('-', '-legacy-')]);
    await symlink(stdout.trim(), join(folder, program));
  }
  return folder;
}
