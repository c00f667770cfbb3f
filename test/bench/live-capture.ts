// What reads packets in the live benchmarks: our real chain of programs, or tcpdump alone, which throws all away.
import { fileURLToPath } from 'node:url';
import { type LabProcess, startLabProcess } from '../lab/lab-process.ts';
import { waitFor } from '../wait-for.ts';
import type { CaptureLine } from './capture-program.ts';
import { cpuMsWhenIdle } from './cpu-time.ts';
import { nflogGroup, type Wire } from './wire.ts';

export interface LiveRun {
  readonly sent: number;
  /** What reading the packets took. */
  readonly cpuMs: number;
}

export interface ChainRun extends LiveRun {
  /** Packets that the sidecar counted. */
  readonly counted: number;
  readonly kernelDrops: number | undefined;
}

export interface Load {
  readonly packets: number;
  readonly perSecond: number;
}

const program = fileURLToPath(new URL('capture-program.ts', import.meta.url));

/** tcpdump, the sidecar and what is between them, as the daemon starts them. */
export async function runChain(wire: Wire, source: 'nflog' | 'af-packet', load: Load): Promise<ChainRun> {
  const child = start(wire, process.execPath, [program, source, String(nflogGroup)]);
  try {
    const { pids } = await lineOf(child, 'live');
    const run = await measure(wire, pids, load);
    child.signal('SIGTERM');
    const { counters, drops } = await lineOf(child, 'ended');
    return { ...run, counted: counters.packets ?? 0, kernelDrops: drops };
  } finally {
    await child.stop();
  }
}

/** `tcpdump -w /dev/null` on the same NFLOG group, with a buffer of the same size. */
export async function runTcpdump(wire: Wire, load: Load): Promise<LiveRun> {
  const child = start(wire, 'tcpdump', ['-i', `nflog:${nflogGroup}`, '-B', '32768', '-w', '/dev/null']);
  try {
    await waitFor('tcpdump listens', () => isRunning(child) && child.stderr().includes('listening on'));
    return await measure(wire, [child.pid], load);
  } finally {
    await child.stop();
  }
}

async function measure(wire: Wire, pids: readonly number[], { packets, perSecond }: Load): Promise<LiveRun> {
  const before = await cpuMsWhenIdle(pids);
  const sent = await wire.send(packets, perSecond);
  return { sent, cpuMs: (await cpuMsWhenIdle(pids)) - before };
}

function start({ pbx }: Wire, file: string, args: readonly string[]): LabProcess {
  const [ip = '', ...inside] = pbx.prefix;
  return startLabProcess(ip, [...inside, file, ...args]);
}

function lineOf<Kind extends CaptureLine['kind']>(child: LabProcess, kind: Kind) {
  return waitFor(`the capture is ${kind}`, () => {
    const lines = child.stdout().split('\n').slice(0, -1);
    const found = lines.map((line): CaptureLine => JSON.parse(line)).find((line) => line.kind === kind);
    return (found as Extract<CaptureLine, { kind: Kind }> | undefined) ?? (isRunning(child) && undefined);
  });
}

function isRunning(child: LabProcess): true {
  if (!child.isRunning()) throw new Error(`a program of the benchmark ended: ${child.stderr()}`);
  return true;
}
