// A real sshd in a network and a mount namespace: what it takes for /run, /var/log and the accounts is a folder of the
// test's own. Nothing of this machine's accounts, keys, logs or logins is read or written.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunningProcess, runCommand, startProcess } from '../../src/lib/run-command.ts';

/** An account that only this sshd knows; it runs as root, and its home is the folder. */
export const account = 'swt-admin';

const openSsh = join(import.meta.dirname, '../../scripts/openssh-root');
const unpackTimeoutMs = 300_000;

/** Keys, accounts, configuration, and empty logs. */
export async function writeSshdFiles(folder: string): Promise<void> {
  for (const name of ['run/sshd', 'log']) await mkdir(join(folder, name), { recursive: true });
  for (const name of ['run/utmp', 'log/wtmp', 'log/lastlog', 'log/btmp'])
    await writeFile(join(folder, name), '');
  for (const name of ['host_key', 'user_key', 'wrong_key']) {
    await runCommand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  }
  await writeFile(join(folder, 'authorized_keys'), await readFile(join(folder, 'user_key.pub')));
  const accounts = await readFile('/etc/passwd', 'utf8');
  const others = accounts.split('\n').filter((line) => line && !line.startsWith('sshd:'));
  await writeFile(
    join(folder, 'passwd'),
    [
      ...others,
      'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin',
      `${account}:x:0:0::${folder}:/bin/sh`,
      '',
    ].join('\n'),
  );
  await writeFile(
    join(folder, 'sshd_config'),
    [
      `HostKey ${folder}/host_key`,
      `AuthorizedKeysFile ${folder}/authorized_keys`,
      ...['UsePAM no', 'StrictModes no', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no'],
      ...['PidFile none', 'PermitUserRC no', 'PrintMotd no', 'PrintLastLog no', ''],
    ].join('\n'),
  );
}

/** Says `Server listening` on standard error when it is ready. */
export async function startSshd(namespace: string, folder: string): Promise<RunningProcess> {
  const { stdout: root } = await runCommand(openSsh, [], { timeoutMs: unpackTimeoutMs });
  const script = [
    'mount --bind "$1/run" /run',
    'mount --bind "$1/log" /var/log',
    'mount --bind "$1/passwd" /etc/passwd',
    // Since 9.8 sshd starts programs that lie there.
    '[ "$2" = / ] || mount --bind "$2/usr/lib/openssh" /usr/lib/openssh',
    'export LD_LIBRARY_PATH="$(echo "$2"/usr/lib/*-linux-gnu)"',
    'exec "$2/usr/sbin/sshd" -D -e -f "$1/sshd_config"',
  ].join('\n');
  return startProcess(
    'ip',
    ['netns', 'exec', namespace, 'unshare', '--mount', 'sh', '-ec', script, 'sh', folder, root],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
}
