import { describe, expect, test } from '@jest/globals';
import { createDryRunEnforcer } from '../../src/enforce/dry-run.ts';
import { joinLayers, onlyFor } from '../../src/enforce/layers.ts';
import { createReconciler } from '../../src/enforce/reconciler.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { Enforcer, SetName } from '../../src/model/enforcer.ts';

const logger = createLogger('silent', 'test');
const now = () => 1_700_000_000_000;
const alarms = { raise() {}, clear() {} };

function layer(changed: Partial<Enforcer> = {}) {
  const enforcer = { ...createDryRunEnforcer({ now }), ...changed };
  return { enforcer, reconciler: createReconciler({ enforcer, alarms, now, logger }) };
}
const ban = { set: 'ban', target: '203.0.113.9' } as const;

describe('layers', () => {
  test('carry out the same, each for its own sets', async () => {
    const [first, second] = [layer(), layer()];
    const sets: readonly SetName[] = ['ban', 'allow'];
    const joined = joinLayers(first.reconciler, [onlyFor(sets, second.reconciler)]);
    const drop = { set: 'drop', target: '203.0.113.10' } as const;
    const allow = { set: 'allow', target: '203.0.113.11' } as const;
    await joined.start([allow, drop]);
    await joined.set(ban);
    await joined.set({ ...drop, target: '203.0.113.12' });
    expect(await first.enforcer.list()).toHaveLength(4);
    expect(await second.enforcer.list()).toEqual([allow, ban]);
    await joined.unset(ban);
    await joined.unset(drop);
    expect(await second.enforcer.list()).toEqual([allow]);
  });

  test('neither wait for one behind the first, nor fail with it', async () => {
    const first = layer();
    const hanging = layer({ prepare: () => new Promise(() => {}), add: () => new Promise(() => {}) });
    const failing = layer({ add: () => Promise.reject(new Error('no')) });
    const joined = joinLayers(first.reconciler, [hanging.reconciler, failing.reconciler]);
    await joined.start([]);
    expect(await joined.set(ban)).toBe('enforced');
    expect(joined.pending()).toEqual([]);
    await failing.reconciler.stop();
  });
});
