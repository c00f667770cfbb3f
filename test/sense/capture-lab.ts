// The packet sensor's tests stand in a network namespace of their own: sensor, PBX and client in it, packets from
// loopback to loopback, as NFLOG and the cooked interface show them.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { CaptureSettings, SidecarMessage } from '../../src/capture/protocol.ts';
import { type RunningProcess, runCommand, startProcess, tryCommand } from '../../src/lib/run-command.ts';
import type { Observation } from '../../src/model/observation.ts';
import type { SensorHealth } from '../../src/model/sensor.ts';
import { waitFor } from '../wait-for.ts';
import type { Sending } from './sip-peers.ts';

/** What sensor-host.ts prints. */
export type Fact =
  | { readonly fact: 'raised'; readonly code: string; readonly message: string; readonly hint: string }
  | { readonly fact: 'cleared'; readonly code: string }
  | { readonly fact: 'observations'; readonly list: readonly Observation[] }
  | ({ readonly fact: 'started' | 'health' | 'stopped' } & SensorHealth);

export type FactOf<Name extends Fact['fact']> = Extract<Fact, { fact: Name }>;

export interface SensorHost {
  readonly pid: number;
  readonly facts: readonly Fact[];
  /** What it writes to its log, as text. */
  readonly log: () => string;
  /** The first fact of that name, from `since` on, of which `isIt` holds. */
  until<Name extends Fact['fact']>(
    name: Name,
    isIt?: (fact: FactOf<Name>) => boolean,
    since?: number,
  ): Promise<FactOf<Name>>;
  health(): Promise<SensorHealth>;
  tell(command: { busyMs?: number; settings?: CaptureSettings }): void;
  /** The id of its child of that name. */
  child(name: 'tcpdump' | 'sidecar'): Promise<number>;
  stop(): Promise<SensorHealth>;
  kill(): Promise<void>;
}

export const settings: CaptureSettings = {
  udpPorts: [[5060, 5060]],
  tcpPorts: [],
  userAgents: ['friendly-scanner'],
  answerWithinMs: 1_000,
  nonceLifetimeMs: 32_000,
};

export const group = 5060;

const log = (prefix: string) =>
  `-j NFLOG --nflog-group ${group} --nflog-size 2048 --nflog-threshold 1 --nflog-prefix ${prefix}`;
const rules = `*raw
-A PREROUTING -p udp --dport 5060 ${log('sw-in')}
-A OUTPUT -p udp --sport 5060 ${log('sw-out')}
COMMIT
`;

export type CaptureLab = Awaited<ReturnType<typeof openCaptureLab>>;

export async function openCaptureLab() {
  const name = `swt-capture-${process.pid}`;
  const inside = ['netns', 'exec', name];
  const runtimeDirectory = await mkdtemp(join(tmpdir(), 'swt-capture-'));
  await runCommand('ip', ['netns', 'add', name]);
  for (const args of [
    ['link', 'set', 'lo', 'up'],
    ['address', 'add', '192.0.2.1/32', 'dev', 'lo'],
    ['address', 'add', '203.0.113.0/24', 'dev', 'lo'],
  ]) {
    await runCommand('ip', ['-n', name, ...args]);
  }
  await runCommand('ip', [...inside, 'iptables-restore'], { input: rules });
  const startNode = (file: string, ...args: string[]): RunningProcess =>
    startProcess('ip', [...inside, process.execPath, join(import.meta.dirname, file), ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    });
  const peers = startNode('sip-peers.ts');
  const answers: string[] = [];
  createInterface(peers.stdout!).on('line', (line) => answers.push(line));
  await waitFor('the PBX listens', () => answers.includes('ready'));
  return {
    runtimeDirectory,
    answers,
    send: (sending: Sending) => void peers.stdin?.write(`${JSON.stringify(sending)}\n`),
    run: (file: string, ...args: string[]) => runCommand('ip', [...inside, file, ...args]),
    startProgram: (file: string, ...args: string[]) =>
      startProcess('ip', [...inside, file, ...args], { stdio: ['ignore', 'ignore', 'pipe'] }),
    startHost: (options: object = {}, more: { sidecarFile?: string } = {}) =>
      hostOf(startNode('sensor-host.ts', JSON.stringify({ options, settings, runtimeDirectory, ...more }))),
    /** The programs that run in the namespace, by their names, without the peers. */
    async programs() {
      const { stdout } = await runCommand('ip', ['netns', 'pids', name]);
      return stdout.split('\n').filter((pid) => pid && pid !== String(peers.pid));
    },
    leftovers: () => readdir(runtimeDirectory),
    async remove() {
      const { stdout } = await tryCommand('ip', ['netns', 'pids', name]);
      const pids = stdout.split('\n').filter(Boolean);
      if (pids.length > 0) await tryCommand('kill', ['-KILL', ...pids]);
      await peers.exited;
      await tryCommand('ip', ['netns', 'del', name]);
      await rm(runtimeDirectory, { recursive: true, force: true });
    },
  };
}

function hostOf(process: RunningProcess): SensorHost {
  const facts: Fact[] = [];
  let log = '';
  createInterface(process.stdout!).on('line', (line) => facts.push(JSON.parse(line)));
  process.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  const tell = (command: object): void => void process.stdin?.write(`${JSON.stringify(command)}\n`);
  const until: SensorHost['until'] = (name, isIt = () => true, since = 0) =>
    waitFor(
      `the sensor's fact ${name}`,
      () =>
        facts
          .slice(since)
          .find((fact): fact is FactOf<typeof name> => fact.fact === name && isIt(fact as FactOf<typeof name>)),
      20_000,
    ).catch((error) => {
      throw new Error(`${error.message}\n${JSON.stringify(facts)}\n${log}`);
    });
  return {
    pid: process.pid ?? 0,
    facts,
    log: () => log,
    tell,
    until,
    async health() {
      const since = facts.length;
      tell({});
      return until('health', undefined, since);
    },
    child: (name) =>
      waitFor(`the sensor has the child ${name}`, async () => {
        const { stdout } = await tryCommand('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)]);
        const pattern = name === 'tcpdump' ? /^ *(\d+) tcpdump / : /^ *(\d+) \S*node .*--user/;
        const pids = stdout.split('\n').flatMap((line) => pattern.exec(line)?.[1] ?? []);
        return Number(pids[0]);
      }),
    async stop() {
      process.stdin?.end();
      const stopped = await until('stopped');
      await process.exited;
      return stopped;
    },
    async kill() {
      process.signal('SIGKILL');
      await process.exited;
    },
  };
}

export function optionsRequest(address = '203.0.113.9'): string {
  return sipRequest('OPTIONS', address, 'User-Agent: friendly-scanner');
}

export function registerRequest(address: string, ...headers: string[]): string {
  return sipRequest('REGISTER', address, ...headers);
}

function sipRequest(method: string, address: string, ...headers: string[]): string {
  return [
    `${method} sip:192.0.2.1 SIP/2.0`,
    `Via: SIP/2.0/UDP ${address}:7000;branch=z9hG4bK${headers.length}`,
    'From: <sip:100@192.0.2.1>;tag=a',
    'To: <sip:100@192.0.2.1>',
    'Call-ID: one',
    `CSeq: ${headers.length + 1} ${method}`,
    ...headers,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

export function credentials(nonce: string): string {
  return `Authorization: Digest username="100",realm="asterisk",nonce="${nonce}",uri="sip:192.0.2.1",response="0123456789abcdef0123456789abcdef",algorithm=MD5`;
}

export type { SidecarMessage };
