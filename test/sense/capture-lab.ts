// The packet sensor's tests stand in two network namespaces of their own, joined by a cable: the sensor's machine with
// a PBX, where packets are logged as our firewall logs them, and a client's.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { CaptureSettings } from '../../src/capture/protocol.ts';
import { type RunningProcess, runCommand, startProcess, tryCommand } from '../../src/lib/run-command.ts';
import type { Observation } from '../../src/model/observation.ts';
import type { SensorHealth } from '../../src/model/sensor.ts';
import { agents } from '../signatures.ts';
import { waitFor } from '../wait-for.ts';
import type { Sending } from './sip-peers.ts';

/** What sensor-host.ts prints. */
export type Fact =
  | { readonly fact: 'raised'; readonly code: string; readonly message: string; readonly hint: string }
  | { readonly fact: 'cleared'; readonly code: string }
  | { readonly fact: 'observations'; readonly list: readonly Observation[] }
  | ({ readonly fact: 'started' } & SensorHealth)
  | ({ readonly fact: 'health' } & SensorHealth)
  | ({ readonly fact: 'stopped' } & SensorHealth);

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
  /** The id of its program of that name. */
  program(name: 'tcpdump' | 'sidecar' | 'starter'): Promise<number>;
  stop(): Promise<SensorHealth>;
  kill(): Promise<void>;
}

export const settings: CaptureSettings = {
  udpPorts: [[5060, 5060]],
  tcpPorts: [],
  tftpPorts: [],
  signatures: agents('friendly-scanner'),
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
  const ours = `swt-capture-${process.pid}`;
  const theirs = `${ours}-client`;
  const runtimeDirectory = await mkdtemp(join(tmpdir(), 'swt-capture-'));
  await connect(ours, theirs);
  await runCommand('ip', ['netns', 'exec', ours, 'iptables-restore'], { input: rules });
  const startNode = (namespace: string, file: string, ...args: string[]): RunningProcess =>
    startProcess(
      'ip',
      ['netns', 'exec', namespace, process.execPath, join(import.meta.dirname, file), ...args],
      { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } },
    );
  const pbx = startNode(ours, 'sip-peers.ts', 'pbx');
  const client = startNode(theirs, 'sip-peers.ts', 'client');
  const answers: string[] = [];
  for (const { stdout } of [pbx, client]) {
    createInterface(stdout!).on('line', (line) => answers.push(line));
  }
  await waitFor('PBX and client are ready', () => answers.length === 2);
  return {
    answers,
    send: (sending: Sending) => void client.stdin?.write(`${JSON.stringify(sending)}\n`),
    startProgram: (file: string, ...args: string[]) =>
      startProcess('ip', ['netns', 'exec', ours, file, ...args], { stdio: ['ignore', 'ignore', 'pipe'] }),
    startHost: (options: object = {}, more: { sidecarFile?: string } = {}) => {
      const parts = JSON.stringify({ options, settings, runtimeDirectory, ...more });
      return hostOf(startNode(ours, 'sensor-host.ts', parts), () => pidsIn(ours));
    },
    /** The programs that run beside the PBX. */
    programs: async () => (await pidsIn(ours)).filter((pid) => pid !== String(pbx.pid)),
    /** Of the pipes between the programs. */
    leftovers: () => readdir(join(runtimeDirectory, 'capture')),
    async remove() {
      const pids = [...(await pidsIn(ours)), ...(await pidsIn(theirs))];
      if (pids.length > 0) await tryCommand('kill', ['-KILL', ...pids]);
      await Promise.all([pbx.exited, client.exited]);
      for (const name of [ours, theirs]) await tryCommand('ip', ['netns', 'del', name]);
      await rm(runtimeDirectory, { recursive: true, force: true });
    },
  };
}

async function connect(ours: string, theirs: string): Promise<void> {
  for (const name of [ours, theirs]) await runCommand('ip', ['netns', 'add', name]);
  const commands = [
    [ours, 'link add pbx0 type veth peer name client0 netns', theirs],
    [ours, 'address add 192.0.2.1/32 dev pbx0'],
    [ours, 'link set pbx0 up'],
    [ours, 'link set lo up'],
    [ours, 'route add 203.0.113.0/24 dev pbx0 src 192.0.2.1'],
    [theirs, 'link set lo up'],
    [theirs, 'address add 203.0.113.0/24 dev lo'],
    [theirs, 'link set client0 up'],
    [theirs, 'route add 192.0.2.1 dev client0 src 203.0.113.1'],
  ] as const;
  for (const [name, command, ...more] of commands) {
    await runCommand('ip', ['-n', name, ...command.split(' '), ...more]);
  }
}

async function pidsIn(namespace: string): Promise<readonly string[]> {
  const { stdout } = await tryCommand('ip', ['netns', 'pids', namespace]);
  return stdout.split('\n').filter(Boolean);
}

const programLines = {
  tcpdump: /^ *(\d+) tcpdump /,
  sidecar: /^ *(\d+) \S*node \S*\/sidecar\.ts$/,
  starter: /^ *(\d+) \S*node \S*\/sidecar-starter\.ts /,
} as const;

function hostOf(process: RunningProcess, neighbours: () => Promise<readonly string[]>): SensorHost {
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
          .find(
            (fact): fact is FactOf<typeof name> => fact.fact === name && isIt(fact as FactOf<typeof name>),
          ),
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
    program: (name) =>
      waitFor(`the sensor has the program ${name}`, async () => {
        const { stdout } = await tryCommand('ps', ['-o', 'pid=,args=', '-p', String(await neighbours())]);
        const pids = stdout.split('\n').flatMap((line) => programLines[name].exec(line)?.[1] ?? []);
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
