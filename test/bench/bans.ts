// How many bans a second the kernel acknowledges: through our session against a fork for each, both on one processor.
import { fileURLToPath } from 'node:url';
import { openNamespace } from '../enforce/namespace.ts';
import type { Benchmark } from './benchmark.ts';
import { onFirst } from './processors.ts';

const program = fileURLToPath(new URL('bans-program.ts', import.meta.url));

export const bansBenchmark: Benchmark = {
  name: 'bans-vs-fork',
  must: '>=',
  bar: 50,
  async run() {
    const namespace = await openNamespace();
    try {
      const [pin = '', ...pinned] = onFirst;
      return Number(await namespace.run(pin, [...pinned, process.execPath, program]));
    } finally {
      await namespace.remove();
    }
  },
};
