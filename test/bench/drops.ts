// What a packet of a banned source costs the kernel, with many bans against few.
import { kernelSet } from '../../src/enforce/kernel-sets.ts';
import type { Benchmark } from './benchmark.ts';
import { median } from './ratio.ts';
import { sources } from './traffic-file.ts';
import { onWire, type Wire } from './wire.ts';

const few = 10;
const many = 100_000;
const packets = 400_000;
const rounds = 7;

export const dropsBenchmark: Benchmark = {
  name: 'drop-100000-vs-10',
  must: '<=',
  bar: 2,
  run: () => onWire(compare, sources.slice(0, few)),
};

/** In turns; what sending itself takes is measured on packets that the first rule of all drops, and left out. */
async function compare(wire: Wire): Promise<number> {
  await wire.banSources();
  const others = Array.from(
    { length: many - few },
    (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
  );
  const change = (verb: 'add' | 'del') =>
    wire.pbx.run(
      'ipset',
      ['restore'],
      `${others.map((other) => `${verb} ${kernelSet('ban', 4)} ${other}`).join('\n')}\n`,
    );
  const first = (verb: '-I' | '-D') =>
    wire.pbx.run('iptables', ['-t', 'raw', verb, 'PREROUTING', '-j', 'DROP']);
  await wire.sendAtOnce(packets);
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await first('-I');
    const sending = await wire.sendAtOnce(packets);
    await first('-D');
    const withFew = await wire.sendAtOnce(packets);
    await change('add');
    const withMany = await wire.sendAtOnce(packets);
    await change('del');
    ratios.push((withMany - sending) / (withFew - sending));
    process.stderr.write(
      `  ${[sending, withFew, withMany].map((ms) => Math.round((ms * 1e6) / packets)).join(', ')} ns\n`,
    );
  }
  return median(ratios);
}
