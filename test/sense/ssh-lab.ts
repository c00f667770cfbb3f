// The network of the tests with a real sshd: its namespace, where default routes lead out, and one of its clients.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningProcess, runCommand, startProcess, tryCommand } from '../../src/lib/run-command.ts';
import type { HostPaths } from '../../src/sense/host-paths.ts';
import { waitFor } from '../wait-for.ts';
import { account, startSshd, writeSshdFiles } from './sshd.ts';

const server = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' } as const;
export const administrator = { ipv4: '192.0.2.50', ipv6: '2001:db8::50' } as const;
export const stranger = '192.0.2.66';
export const gateway = { ipv4: '192.0.2.254', ipv6: '2001:db8::fe' } as const;
/** A login that stays until `leave`. */
export interface Login {
  leave(): Promise<void>;
}

export type SshLab = Awaited<ReturnType<typeof openSshLab>>;

export async function openSshLab() {
  const ours = `swt-host-${process.pid}`;
  const theirs = `${ours}-client`;
  const folder = await mkdtemp(join(tmpdir(), 'swt-host-'));
  const started: RunningProcess[] = [];
  let said = '';
  const remove = async (): Promise<void> => {
    const pids = [...(await pidsIn(ours)), ...(await pidsIn(theirs))];
    if (pids.length > 0) await tryCommand('kill', ['-KILL', ...pids]);
    await Promise.all(started.map(({ exited }) => exited));
    for (const name of [ours, theirs]) await tryCommand('ip', ['netns', 'del', name]);
    await rm(folder, { recursive: true });
  };
  const start = async (): Promise<RunningProcess> => {
    await connect(ours, theirs);
    await writeSshdFiles(folder);
    const sshd = await startSshd(ours, folder);
    started.push(sshd);
    sshd.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    await waitFor('sshd listens', () => said.includes('Server listening on :: port 22'));
    return sshd;
  };
  const sshd = await start().catch(async (error) => {
    await remove();
    throw new Error(`there is no sshd: ${error.message}\n${said}`);
  });
  const startClient = (file: string, ...args: readonly string[]) => {
    const client = startProcess('ip', ['netns', 'exec', theirs, file, ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    started.push(client);
    return client;
  };
  const ssh = (from: string, key: string) => [
    ...['-F', '/dev/null', '-b', from, '-i', join(folder, key), '-o', 'IdentitiesOnly=yes'],
    ...['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
    `${account}@${from.includes(':') ? server.ipv6 : server.ipv4}`,
  ];
  /** Resolves when the remote program runs. */
  const login = async (from: string, ...options: readonly string[]): Promise<Login> => {
    const client = startClient('ssh', ...options, ...ssh(from, 'user_key'), 'echo welcome; read line');
    await heard(client, 'welcome');
    return {
      async leave() {
        client.stdin?.write('\n');
        await client.exited;
      },
    };
  };
  return {
    /** What the host sensor reads; the routes are those of sshd's namespace. */
    paths: {
      utmp: join(folder, 'run/utmp'),
      sessions: join(folder, 'run/systemd/sessions'),
      processes: '/proc',
      ipv4Routes: `/proc/${sshd.pid}/net/route`,
      ipv6Routes: `/proc/${sshd.pid}/net/ipv6_route`,
    } satisfies HostPaths,
    login,
    /** A connection that is open, and greeted by sshd. */
    async connectOnly(from: string): Promise<void> {
      const program = `const socket = require('node:net').connect({ host: '${server.ipv4}', port: 22, localAddress: '${from}' });
        socket.pipe(process.stdout);`;
      await heard(startClient(process.execPath, '-e', program), 'SSH-2.0');
    },
    /** Exit code of a login that sshd does not grant. */
    async failToLogIn(from: string): Promise<number | undefined> {
      const client = startClient('ssh', '-tt', ...ssh(from, 'wrong_key'), 'true');
      return (await client.exited).exitCode;
    },
    log: () => said,
    remove,
  };
}

async function heard({ stdout }: RunningProcess, text: string): Promise<void> {
  let said = '';
  stdout?.on('data', (chunk) => {
    said += chunk;
  });
  await waitFor(`the client hears ${text}`, () => said.includes(text));
}

async function connect(ours: string, theirs: string): Promise<void> {
  for (const name of [ours, theirs]) await runCommand('ip', ['netns', 'add', name]);
  const commands = [
    [ours, 'link add host0 type veth peer name client0 netns', theirs],
    [ours, `address add ${server.ipv4}/24 dev host0`],
    [ours, `address add ${server.ipv6}/64 dev host0 nodad`],
    [theirs, `address add ${administrator.ipv4}/24 dev client0`],
    [theirs, `address add ${stranger}/24 dev client0`],
    [theirs, `address add ${administrator.ipv6}/64 dev client0 nodad`],
    [ours, 'link set host0 up'],
    [theirs, 'link set client0 up'],
    [ours, `route add default via ${gateway.ipv4}`],
    [ours, `-6 route add default via ${gateway.ipv6}`],
  ] as const;
  for (const [name, command, ...more] of commands) {
    await runCommand('ip', ['-n', name, ...command.split(' '), ...more]);
  }
}

async function pidsIn(namespace: string): Promise<readonly string[]> {
  const { stdout } = await tryCommand('ip', ['netns', 'pids', namespace]);
  return stdout.split('\n').filter(Boolean);
}
