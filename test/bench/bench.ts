// `npm run bench`: every figure of the design that must not get worse, as a ratio against its bar. `--json` prints the
// results for programs. Exit status 1 where a bar is missed or something cannot be measured here.
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/model/error.ts';
import { missingForNamespaces } from '../enforce/namespace.ts';
import { bansBenchmark } from './bans.ts';
import { type Benchmark, formatTable, judge, type Result } from './benchmark.ts';
import { captureBenchmarks } from './capture.ts';
import { dropsBenchmark } from './drops.ts';
import { listsBenchmark } from './lists.ts';
import { matchBenchmark } from './match.ts';
import { parseBenchmarks } from './parse.ts';
import { restoreBenchmark } from './restore.ts';
import { timeToBanBenchmarks } from './time-to-ban.ts';

const benchmarks: readonly Benchmark[] = [
  ...parseBenchmarks,
  matchBenchmark,
  listsBenchmark,
  bansBenchmark,
  ...timeToBanBenchmarks,
  dropsBenchmark,
  restoreBenchmark,
  ...captureBenchmarks,
];

const progress = (line: string) => process.stderr.write(`${line}\n`);

/** What was started is ended and removed before we go: a signal only ends the wait for the next benchmark. */
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());

async function runAll(): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const [index, benchmark] of benchmarks.entries()) {
    progress(`${index + 1}/${benchmarks.length} ${benchmark.name}`);
    results.push(judge(benchmark, await benchmark.run()));
    interrupted.signal.throwIfAborted();
  }
  return results;
}

try {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
  const missing = await missingForNamespaces([
    'iptables',
    'ipset',
    'tcpdump',
    'tcpreplay',
    'setpriv',
    'taskset',
  ]);
  if (missing) throw new Error(`the benchmark ${missing}`);
  const results = await runAll();
  process.stdout.write(values.json ? `${JSON.stringify(results)}\n` : formatTable(benchmarks, results));
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
} catch (error) {
  progress(`sipwarden: no result: ${interrupted.signal.aborted ? 'interrupted' : messageOf(error)}`);
  process.exitCode = 1;
}
