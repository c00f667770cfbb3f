// A host's files as Linux and systemd write them, in a folder of the test's own; the kernel's samples are from 6.18.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostPaths } from '../../src/sense/host-paths.ts';

export interface UtmpRecord {
  readonly type?: number;
  readonly pid?: number;
  readonly user?: string;
  /** The address's bytes; 4 or 16. */
  readonly address?: readonly number[];
  readonly seconds?: number;
}

/** An sshd login with a terminal, since 2023-11-14T22:13:20.5Z, in the layout of x86-64 or arm64. */
export function utmpRecord(
  { type = 7, pid = 500, user = 'anna', address = [192, 0, 2, 50], seconds = 1_700_000_000 }: UtmpRecord = {},
  architecture: 'x64' | 'arm64' = 'x64',
): Buffer {
  const isWide = architecture === 'arm64';
  const record = Buffer.alloc(isWide ? 400 : 384);
  record.writeInt16LE(type, 0);
  record.writeInt32LE(pid, 4);
  record.write('pts/0', 8);
  record.write('ts/0', 40);
  record.write(user, 44);
  record.write('host.example', 76);
  record.writeUInt32LE(seconds, isWide ? 344 : 340);
  record.writeUInt32LE(500_000, isWide ? 352 : 344);
  record.set(address, isWide ? 360 : 348);
  return record;
}

/** As systemd 252 wrote it of a login by scp. */
export function logindSession(changes: Readonly<Record<string, string>> = {}): string {
  const values = {
    UID: '0',
    USER: 'anna',
    ACTIVE: '1',
    IS_DISPLAY: '1',
    STATE: 'active',
    REMOTE: '1',
    TYPE: 'tty',
    ORIGINAL_TYPE: 'tty',
    CLASS: 'user',
    SCOPE: 'session-3.scope',
    FIFO: '/run/systemd/sessions/3.ref',
    REMOTE_HOST: '192.0.2.50',
    SERVICE: 'sshd',
    POSITION: '0',
    LEADER: '91',
    AUDIT: '3',
    REALTIME: '1700000000500123',
    MONOTONIC: '6989601846',
    ...changes,
  };
  const lines = Object.entries(values).map(([key, value]) => `${key}=${value}\n`);
  return `# This is private data. Do not parse.\n${lines.join('')}`;
}

const ipv4Header =
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                    \n';
const ipv4Rest =
  'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0                               \n';

/** The default route through 192.0.2.1 and the one of the link, or others. */
export function ipv4Routes(
  first = 'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0            \n',
): string {
  return `${ipv4Header}${first}${ipv4Rest}`;
}

const none = '0'.repeat(32);
export function ipv6Route(gateway: string, flags = '00000003', destination = `${none} 00`): string {
  return `${destination} ${none} 00 ${gateway} 00000400 00000002 00000000 ${flags}     eth0\n`;
}

export type HostFolder = Awaited<ReturnType<typeof makeHostFolder>>;

/** Empty: no utmp, no systemd, no process, no route. */
export async function makeHostFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'swt-host-'));
  const paths: HostPaths = {
    utmp: join(folder, 'run/utmp'),
    sessions: join(folder, 'run/systemd/sessions'),
    processes: join(folder, 'proc'),
    ipv4Routes: join(folder, 'route'),
    ipv6Routes: join(folder, 'ipv6_route'),
  };
  await mkdir(join(folder, 'run'));
  return {
    paths,
    addSystemd: () => mkdir(paths.sessions, { recursive: true }),
    writeSession: (name: string, changes = {}) =>
      writeFile(join(paths.sessions, name), logindSession(changes)),
    removeSession: (name: string) => rm(join(paths.sessions, name)),
    writeUtmp: (...records: readonly Uint8Array[]) => writeFile(paths.utmp, Buffer.concat(records)),
    writeRoutes: (table: string) => writeFile(paths.ipv4Routes, table),
    /** A program and its parent, by the parent's name. */
    async addProcess(pid: number, parent = 'sshd', name = 'sh') {
      const parentId = pid + 10_000;
      for (const id of [pid, parentId]) await mkdir(join(paths.processes, String(id)), { recursive: true });
      await writeFile(
        join(paths.processes, String(pid), 'stat'),
        `${pid} (${name}) S ${parentId} ${pid} ${pid} 34816 -1 0`,
      );
      await writeFile(join(paths.processes, String(parentId), 'comm'), `${parent}\n`);
    },
    endProcess: (pid: number) => rm(join(paths.processes, String(pid)), { recursive: true }),
    remove: () => rm(folder, { recursive: true }),
  };
}
