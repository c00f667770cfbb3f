// What reads packets in the live benchmarks, away from the sender's processor: our real chain of programs, or tcpdump
// alone, which throws all away.
import { fileURLToPath } from 'node:url';
import { type LabProcess, startLabProcess } from '../lab/lab-process.ts';
import { waitFor } from '../wait-for.ts';
import type { CaptureLine } from './capture-program.ts';
import { cpuMsWhenIdle } from './cpu-time.ts';
import { onOthers } from './processors.ts';
import { nflogGroup, SentTooSlowly, type Wire } from './wire.ts';

export interface Load {
  readonly packets: number;
  readonly perSecond: number;
}

export interface ChainRun {
  /** What reading the packets took, user and system together. */
  readonly cpuMs: number;
  /** Packets that the sidecar counted, and that it had to, both with the warming up. */
  readonly counted: number;
  readonly sent: number;
  /** What the kernel had no room for. */
  readonly kernelDrops: number | undefined;
}

/** Node compiles what it runs often: this long it is let run before its cost is measured. */
const warmUp: Load = { packets: 20_000, perSecond: 20_000 };
const attempts = 4;
const program = fileURLToPath(new URL('capture-program.ts', import.meta.url));

/** tcpdump, the sidecar and what is between them, as the daemon starts them. */
export function runChain(wire: Wire, source: 'nflog' | 'af-packet', load: Load): Promise<ChainRun> {
  return untilSentEvenly(() => tryChain(wire, source, load));
}

async function tryChain(wire: Wire, source: 'nflog' | 'af-packet', load: Load): Promise<ChainRun> {
  const child = start(wire, process.execPath, [program, source, String(nflogGroup)]);
  try {
    const { pids } = await lineOf(child, 'live');
    const cpuMs = await measureCpu(wire, pids, load);
    child.signal('SIGTERM');
    const { counters, drops } = await lineOf(child, 'ended');
    const sent = warmUp.packets + load.packets;
    return { cpuMs, counted: counters.packets ?? 0, sent, kernelDrops: drops };
  } finally {
    await child.stop();
  }
}

/** What `tcpdump -w /dev/null` takes, on the same NFLOG group and with a buffer of the same size. Milliseconds. */
export function runTcpdump(wire: Wire, load: Load): Promise<number> {
  return untilSentEvenly(() => tryTcpdump(wire, load));
}

async function tryTcpdump(wire: Wire, load: Load): Promise<number> {
  const child = start(wire, 'tcpdump', ['-i', `nflog:${nflogGroup}`, '-B', '32768', '-w', '/dev/null']);
  try {
    await waitFor('tcpdump listens', () => isRunning(child) && child.stderr().includes('listening on'));
    return await measureCpu(wire, [child.pid], load);
  } finally {
    await child.stop();
  }
}

/** Measures anew where the sender was too slow. */
async function untilSentEvenly<Run>(run: () => Promise<Run>): Promise<Run> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof SentTooSlowly) || attempt === attempts) throw error;
    }
  }
}

async function measureCpu(wire: Wire, pids: readonly number[], load: Load): Promise<number> {
  await wire.send(warmUp);
  const before = await cpuMsWhenIdle(pids);
  await wire.send(load);
  return (await cpuMsWhenIdle(pids)) - before;
}

function start({ pbx }: Wire, file: string, args: readonly string[]): LabProcess {
  const [ip = '', ...inside] = pbx.prefix;
  return startLabProcess(ip, [...inside, ...onOthers, file, ...args]);
}

function lineOf<Kind extends CaptureLine['kind']>(child: LabProcess, kind: Kind) {
  return waitFor(`the capture is ${kind}`, () => {
    const lines = child.stdout().split('\n').slice(0, -1);
    const found = lines.map((line): CaptureLine => JSON.parse(line)).find((line) => line.kind === kind);
    if (!found) isRunning(child);
    return found as Extract<CaptureLine, { kind: Kind }> | undefined;
  });
}

function isRunning(child: LabProcess): true {
  if (!child.isRunning()) throw new Error(`a program of the benchmark ended: ${child.stderr()}`);
  return true;
}
