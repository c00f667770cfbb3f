// The last look before the kernel.
import { describe, expect, test } from '@jest/globals';
import { createDryRunEnforcer } from '../../src/enforce/dry-run.ts';
import { guarded } from '../../src/enforce/guard.ts';
import type { Untouchable } from '../../src/model/decision.ts';
import { setNames } from '../../src/model/enforcer.ts';

const target = '192.0.2.1';

async function openGuarded(because: Untouchable['because'] | undefined) {
  const enforcer = createDryRunEnforcer({ now: () => 0 });
  await enforcer.prepare();
  return guarded(enforcer, () => (because ? { because, detail: 'a test' } : undefined));
}

describe.each(['own', 'reserved', 'allowlisted', 'shielded'] as const)('an address that is %s', (because) => {
  test.each(['ban', 'drop'] as const)('is not put into %s', async (set) => {
    const enforcer = await openGuarded(because);
    await expect(enforcer.add({ set, target })).rejects.toMatchObject({ code: 'FIREWALL_UNTOUCHABLE' });
    expect(await enforcer.list()).toEqual([]);
  });

  test.each(['allow', 'shield'] as const)('may be put into %s', async (set) => {
    const enforcer = await openGuarded(because);
    await enforcer.add({ set, target });
    expect(await enforcer.list()).toHaveLength(1);
  });

  test('may be taken out of every set', async () => {
    const enforcer = await openGuarded(because);
    for (const set of setNames) await enforcer.remove({ set, target });
  });
});

test.each(['own', 'reserved'] as const)('not even an administrator denies what is %s', async (because) => {
  const enforcer = await openGuarded(because);
  await expect(enforcer.add({ set: 'deny', target })).rejects.toMatchObject({ code: 'FIREWALL_UNTOUCHABLE' });
});

test.each(['allowlisted', 'shielded'] as const)('an administrator may deny what is %s', async (because) => {
  const enforcer = await openGuarded(because);
  await enforcer.add({ set: 'deny', target });
  expect(await enforcer.list()).toHaveLength(1);
});

test('anybody else may be put into every set', async () => {
  const enforcer = await openGuarded(undefined);
  for (const set of setNames) await enforcer.add({ set, target });
  expect(await enforcer.list()).toHaveLength(setNames.length);
});

test('the question is asked at every add, so that what became untouchable since is refused', async () => {
  let untouchable: Untouchable | undefined;
  const enforcer = guarded(createDryRunEnforcer({ now: () => 0 }), () => untouchable);
  await enforcer.prepare();
  await enforcer.add({ set: 'ban', target });
  untouchable = { because: 'shielded', detail: 'registered' };
  await expect(enforcer.add({ set: 'ban', target })).rejects.toMatchObject({ code: 'FIREWALL_UNTOUCHABLE' });
});
