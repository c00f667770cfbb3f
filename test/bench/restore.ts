// What it takes until the kernel holds 100,000 bans again after a start, over what `ipset restore` alone takes for them.
import { pino } from 'pino';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { kernelSet } from '../../src/enforce/kernel-sets.ts';
import { createReconciler } from '../../src/enforce/reconciler.ts';
import type { Entry } from '../../src/model/enforcer.ts';
import { openNamespace } from '../enforce/namespace.ts';
import { testRules } from '../enforce/test-rules.ts';
import type { Benchmark } from './benchmark.ts';
import { medianRatio } from './ratio.ts';

const many = 100_000;
const rounds = 3;

export const restoreBenchmark: Benchmark = {
  name: 'restore-100000',
  must: '<=',
  bar: 3,
  async run() {
    const now = Date.now;
    const entries: readonly Entry[] = Array.from({ length: many }, (_, index) => ({
      set: 'ban',
      target: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
      until: now() + 3_600_000,
    }));
    const text = entries.map(({ target }) => `add ${kernelSet('ban', 4)} ${target} timeout 3600\n`).join('');
    return medianRatio(
      rounds,
      () =>
        inNamespace(async (enforcer) => {
          const alarms = { raise: () => {}, clear: () => {} };
          const reconciler = createReconciler({ enforcer, alarms, now, logger: pino({ level: 'silent' }) });
          await reconciler.start(entries);
          await reconciler.stop();
        }),
      () =>
        inNamespace(async (enforcer, namespace) => {
          await enforcer.prepare();
          await namespace.run('ipset', ['restore'], text);
        }),
    );
  },
};

/** Milliseconds that the work takes on a kernel without anything of ours. */
async function inNamespace(
  work: (
    enforcer: ReturnType<typeof createIpsetEnforcer>,
    namespace: Awaited<ReturnType<typeof openNamespace>>,
  ) => Promise<void>,
): Promise<number> {
  const namespace = await openNamespace();
  const enforcer = createIpsetEnforcer({
    rules: testRules(),
    now: Date.now,
    commandPrefix: namespace.prefix,
  });
  try {
    const start = performance.now();
    await work(enforcer, namespace);
    return performance.now() - start;
  } finally {
    await enforcer.close();
    await namespace.remove();
  }
}
