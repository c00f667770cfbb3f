// What capturing costs and loses, from the wire to the sidecar, with the real programs on real traffic.
import type { Benchmark } from './benchmark.ts';
import { runChain, runTcpdump } from './live-capture.ts';
import { median, medianRatio } from './ratio.ts';
import { onWire } from './wire.ts';

const rounds = 3;

export const captureBenchmarks: readonly Benchmark[] = [
  { name: 'sidecar-cpu', must: '<=', bar: 3.5, run: compareWithTcpdump },
  { name: 'loss-at-50000', must: '<', bar: 0.1, run: measureLoss },
  { name: 'banned-flood-cpu', must: '<=', bar: 0.05, run: compareSourcesUnderBannedFlood },
];

/** CPU of tcpdump and the sidecar together, over that of a tcpdump that writes to /dev/null. */
function compareWithTcpdump(): Promise<number> {
  const load = { packets: 40_000, perSecond: 20_000 };
  return onWire((wire) =>
    medianRatio(
      5,
      async () => (await runChain(wire, 'nflog', load)).cpuMs,
      () => runTcpdump(wire, load),
    ),
  );
}

/** Percent of the packets that were sent and that the sidecar did not count. */
function measureLoss(): Promise<number> {
  const load = { packets: 150_000, perSecond: 50_000 };
  return onWire(async (wire) => {
    const shares: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const { sent, counted, kernelDrops } = await runChain(wire, 'nflog', load);
      process.stderr.write(`  ${sent} sent, ${counted} counted, ${kernelDrops} dropped by the kernel\n`);
      shares.push((100 * (sent - counted)) / sent);
    }
    return median(shares);
  });
}

function compareSourcesUnderBannedFlood(): Promise<number> {
  const load = { packets: 100_000, perSecond: 50_000 };
  return onWire(async (wire) => {
    await wire.banSources();
    return medianRatio(
      rounds,
      async () => (await runChain(wire, 'nflog', load)).cpuMs,
      async () => (await runChain(wire, 'af-packet', load)).cpuMs,
    );
  });
}
