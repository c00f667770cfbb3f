// How fast a ban bites while its source floods: through our session against a fork for each ban, in turns.
import { fileURLToPath } from 'node:url';
import type { Benchmark } from './benchmark.ts';
import { onOthers } from './processors.ts';
import { sources } from './traffic-file.ts';
import { onWire } from './wire.ts';

const program = fileURLToPath(new URL('time-to-ban-program.ts', import.meta.url));
const load = { packets: 120_000, perSecond: 10_000 };

export interface BanTimes {
  /** Time of a fork per ban over that of ours, medians. */
  readonly speed: number;
  /** Packets that arrived after the order to ban: with ours, over those with a fork. */
  readonly leaked: number;
}

export const timeToBanBenchmarks: readonly Benchmark[] = [
  { name: 'time-to-ban', must: '>=', bar: 3, run: async () => (await measure()).speed },
  { name: 'leaked-before-ban', must: '<=', bar: 1 / 3, run: async () => (await measure()).leaked },
];

function measure(): Promise<BanTimes> {
  const [source = ''] = sources;
  return onWire(
    async (wire) => {
      const [pin = '', ...pinned] = onOthers;
      const sending = wire.send(load).catch(() => undefined);
      const said = await wire.pbx.run(pin, [...pinned, process.execPath, program, source]);
      await sending;
      return JSON.parse(said) as BanTimes;
    },
    [source],
  );
}
