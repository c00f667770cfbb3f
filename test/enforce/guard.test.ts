// The last look before the kernel.
import { describe, expect, test } from '@jest/globals';
import { createDryRunEnforcer } from '../../src/enforce/dry-run.ts';
import { guarded } from '../../src/enforce/guard.ts';
import type { Untouchable } from '../../src/model/decision.ts';
import { type Entry, type SetName, setNames } from '../../src/model/enforcer.ts';

type Reason = Untouchable['because'];

const entryIn = (set: SetName): Entry =>
  set === 'port'
    ? { set, target: '192.0.2.1', port: { protocol: 'udp', port: 7_001 } }
    : { set, target: '192.0.2.1' };

async function openGuarded(...reasons: readonly Reason[]) {
  const enforcer = createDryRunEnforcer({ now: () => 0 });
  await enforcer.prepare();
  return guarded(enforcer, () => reasons.map((because) => ({ because, detail: 'a test' })));
}

/** For each set the reasons that stop an entry, and those that do not. */
const rows: Readonly<
  Record<SetName, { readonly stopping: readonly Reason[]; readonly not: readonly Reason[] }>
> = {
  allow: {
    stopping: [],
    not: ['own', 'reserved', 'allowlisted', 'administrator', 'gateway', 'shielded', 'in-use'],
  },
  shield: {
    stopping: [],
    not: ['own', 'reserved', 'allowlisted', 'administrator', 'gateway', 'shielded', 'in-use'],
  },
  deny: {
    stopping: ['own', 'reserved'],
    not: ['allowlisted', 'administrator', 'gateway', 'shielded', 'in-use'],
  },
  order: {
    stopping: ['own', 'reserved', 'allowlisted'],
    not: ['administrator', 'gateway', 'shielded', 'in-use'],
  },
  port: {
    stopping: ['own', 'reserved', 'allowlisted', 'administrator', 'in-use'],
    not: ['gateway', 'shielded'],
  },
  ban: {
    stopping: ['own', 'reserved', 'allowlisted', 'administrator', 'gateway', 'shielded'],
    not: ['in-use'],
  },
  drop: {
    stopping: ['own', 'reserved', 'allowlisted', 'administrator', 'gateway', 'shielded'],
    not: ['in-use'],
  },
  invite: {
    stopping: ['own', 'reserved', 'allowlisted', 'administrator', 'gateway', 'shielded'],
    not: ['in-use'],
  },
  tftp: {
    stopping: ['own', 'reserved', 'allowlisted', 'administrator', 'gateway', 'shielded'],
    not: ['in-use'],
  },
  packets: {
    stopping: ['own', 'reserved', 'allowlisted', 'administrator', 'gateway', 'shielded'],
    not: ['in-use'],
  },
};
const refusedPairs = setNames.flatMap((set) => rows[set].stopping.map((because) => ({ set, because })));
const takenPairs = setNames.flatMap((set) => rows[set].not.map((because) => ({ set, because })));

test.each(refusedPairs)('what is $because is not put into $set', async ({ set, because }) => {
  const enforcer = await openGuarded(because);
  await expect(enforcer.add(entryIn(set))).rejects.toMatchObject({
    code: 'FIREWALL_UNTOUCHABLE',
    message: expect.stringContaining(because),
  });
  expect(await enforcer.list()).toEqual([]);
});

test.each(takenPairs)('what is $because may be put into $set', async ({ set, because }) => {
  const enforcer = await openGuarded(because);
  await enforcer.add(entryIn(set));
  expect(await enforcer.list()).toEqual([entryIn(set)]);
});

test.each(takenPairs)('$because hides no other reason for $set', async ({ set, because }) => {
  for (const other of rows[set].stopping) {
    for (const reasons of [
      [because, other],
      [other, because],
    ]) {
      const enforcer = await openGuarded(...reasons);
      await expect(enforcer.add(entryIn(set))).rejects.toMatchObject({
        code: 'FIREWALL_UNTOUCHABLE',
        message: expect.stringContaining(other),
      });
    }
  }
});

test.each(refusedPairs)('what is $because may be taken out of $set', async ({ set, because }) => {
  const enforcer = await openGuarded(because);
  await enforcer.remove(entryIn(set));
});

describe('an address that nothing protects', () => {
  test.each(setNames)('may be put into %s', async (set) => {
    const enforcer = await openGuarded();
    await enforcer.add(entryIn(set));
    expect(await enforcer.list()).toEqual([entryIn(set)]);
  });
});

test('the question is asked at every add, so that what became untouchable since is refused', async () => {
  let protections: readonly Untouchable[] = [];
  const enforcer = guarded(createDryRunEnforcer({ now: () => 0 }), () => protections);
  await enforcer.prepare();
  await enforcer.add(entryIn('ban'));
  protections = [{ because: 'shielded', detail: 'registered' }];
  await expect(enforcer.add(entryIn('ban'))).rejects.toMatchObject({ code: 'FIREWALL_UNTOUCHABLE' });
});

test('the question is about the whole entry, so that it can tell one port of an address from another', async () => {
  const inUse: Untouchable = { because: 'in-use', detail: 'a call' };
  const enforcer = guarded(createDryRunEnforcer({ now: () => 0 }), ({ port }) =>
    port?.port === 7_001 ? [inUse] : [],
  );
  await enforcer.prepare();
  const other: Entry = { ...entryIn('port'), port: { protocol: 'udp', port: 7_002 } };
  await enforcer.add(other);
  await expect(enforcer.add(entryIn('port'))).rejects.toMatchObject({ code: 'FIREWALL_UNTOUCHABLE' });
  expect(await enforcer.list()).toEqual([other]);
});
