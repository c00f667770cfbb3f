// The kernel comes to agree with the truth, whatever fails in between. The firewall here is the dry-run one, made to fail.
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import { createDryRunEnforcer } from '../../src/enforce/dry-run.ts';
import { guarded } from '../../src/enforce/guard.ts';
import { createReconciler, type Reconciler } from '../../src/enforce/reconciler.ts';
import type { Enforcer, Entry } from '../../src/model/enforcer.ts';
import { SipwardenError } from '../../src/model/error.ts';

const until = 1_700_003_600_000;
const one: Entry = { set: 'ban', target: '192.0.2.1', until };
const two: Entry = { set: 'ban', target: '192.0.2.2', until };

let time: number;
let kernel: Enforcer;
let reconciler: Reconciler;
let failing: Set<keyof Enforcer>;
/** Why the firewall does not take an entry. */
let trouble: (entry: Entry) => string | undefined;
let untouchable: Set<string>;
let alarms: Set<string>;
let looks: number;
/** What was found changed by others, repair by repair. */
let repaired: (readonly string[])[];

beforeEach(() => {
  jest.useFakeTimers();
  time = 1_700_000_000_000;
  kernel = createDryRunEnforcer({ now: () => time });
  failing = new Set();
  trouble = () => undefined;
  untouchable = new Set();
  alarms = new Set();
  looks = 0;
  repaired = [];
  const step = async <Value>(name: keyof Enforcer, act: () => Promise<Value>): Promise<Value> => {
    if (failing.has(name)) throw new SipwardenError('FIREWALL_TIMEOUT', `${name} hangs`);
    if (name === 'damage') looks += 1;
    return act();
  };
  const fragile: Enforcer = {
    ...kernel,
    prepare: () => step('prepare', kernel.prepare),
    damage: () => step('damage', kernel.damage),
    add: (entry) =>
      step('add', async () => {
        const code = trouble(entry);
        if (code) throw new SipwardenError(code, 'a test');
        await kernel.add(entry);
      }),
    remove: (place) => step('remove', () => kernel.remove(place)),
    list: () => step('list', kernel.list),
  };
  reconciler = createReconciler({
    enforcer: guarded(fragile, ({ target }) =>
      untouchable.has(target) ? [{ because: 'shielded', detail: 'registered' }] : [],
    ),
    onRepaired: (damage) => repaired.push(damage),
    alarms: { raise: (code) => alarms.add(code), clear: (code) => alarms.delete(code) },
    now: () => time,
    logger: pino({ level: 'silent' }),
  });
});
afterEach(async () => {
  await reconciler.stop();
  jest.useRealTimers();
});

const held = async () => (await kernel.list()).map(({ set, target }) => `${set} ${target}`).toSorted();

describe('at the start', () => {
  test('adds what is missing, removes what is not wanted and corrects the times', async () => {
    await kernel.prepare();
    await kernel.add({ ...one, until: until - 60_000 });
    await kernel.add({ set: 'ban', target: '192.0.2.3', until });
    await kernel.add({ set: 'deny', target: '192.0.2.4', until });
    await reconciler.start([one, two, { set: 'deny', target: '192.0.2.4' }]);
    const byTarget = (await kernel.list()).toSorted((left, right) => left.target.localeCompare(right.target));
    expect(byTarget).toEqual([one, two, { set: 'deny', target: '192.0.2.4' }]);
    expect(reconciler.pending()).toEqual([]);
    expect(alarms).toEqual(new Set());
  });

  test('leaves alone what differs by the seconds that the kernel rounds', async () => {
    await kernel.prepare();
    await kernel.add({ ...one, until: until - 900 });
    failing.add('add');
    await reconciler.start([one]);
    expect(alarms).toEqual(new Set());
  });

  test('forgets entries that ran out while nobody was there', async () => {
    await reconciler.start([{ ...one, until: time - 1 }, two]);
    expect(await held()).toEqual(['ban 192.0.2.2']);
  });

  test('goes on without an entry that may not be', async () => {
    untouchable.add('192.0.2.1');
    await reconciler.start([one, two]);
    expect(await held()).toEqual(['ban 192.0.2.2']);
    expect(alarms).toEqual(new Set());
    expect(reconciler.pending()).toEqual([]);
  });

  test('raises the alarm where the firewall fails, and makes all good when it works', async () => {
    failing.add('prepare');
    await reconciler.start([one]);
    expect(alarms).toEqual(new Set(['FIREWALL_FAILING']));
    await expect(reconciler.set(two)).resolves.toBe('pending');
    failing.clear();
    await jest.advanceTimersByTimeAsync(500);
    expect(await held()).toEqual(['ban 192.0.2.1', 'ban 192.0.2.2']);
    expect(alarms).toEqual(new Set());
  });
});

describe('while it runs', () => {
  beforeEach(() => reconciler.start([]));

  test('enforces what is set and lifts what is unset', async () => {
    await expect(reconciler.set(one)).resolves.toBe('enforced');
    expect(await held()).toEqual(['ban 192.0.2.1']);
    await expect(reconciler.unset(one)).resolves.toBe('enforced');
    expect(await held()).toEqual([]);
    expect(reconciler.pending()).toEqual([]);
  });

  test.each<(keyof Enforcer)[][]>([[['damage', 'prepare']], [['add']], [['list']]])(
    'keeps an entry pending until it is enforced while %j fails',
    async (names) => {
      failing = new Set([...names, 'add']);
      await expect(reconciler.set(one)).resolves.toBe('pending');
      expect(alarms).toEqual(new Set(['FIREWALL_FAILING']));
      failing = new Set(names);
      await jest.advanceTimersByTimeAsync(600_000);
      expect(reconciler.pending()).toMatchObject([{ target: '192.0.2.1' }]);
      failing.clear();
      await jest.advanceTimersByTimeAsync(30_000);
      expect(await held()).toEqual(['ban 192.0.2.1']);
      expect(reconciler.pending()).toEqual([]);
      expect(alarms).toEqual(new Set());
    },
  );

  test('keeps a removal pending until it is done', async () => {
    await reconciler.set(one);
    failing.add('remove');
    await expect(reconciler.unset(one)).resolves.toBe('pending');
    failing.clear();
    await jest.advanceTimersByTimeAsync(500);
    expect(await held()).toEqual([]);
    expect(reconciler.pending()).toEqual([]);
  });

  test('waits longer after each failure, at most half a minute', async () => {
    failing.add('add');
    await reconciler.set(one);
    await jest.advanceTimersByTimeAsync(60_000);
    const early = looks;
    await jest.advanceTimersByTimeAsync(600_000);
    expect(early).toBeLessThan(10);
    expect(looks - early).toBe(20);
  });

  test('the last word wins when an entry is set and unset at once', async () => {
    await Promise.all([reconciler.set(one), reconciler.unset(one), reconciler.set(two)]);
    expect(await held()).toEqual(['ban 192.0.2.2']);
    await Promise.all([reconciler.unset(two), reconciler.set(two)]);
    expect(await held()).toEqual(['ban 192.0.2.2']);
  });

  test('the last word wins also against a repair that is under way', async () => {
    await reconciler.set(one);
    const repaired = reconciler.repair();
    await Promise.all([reconciler.unset(one), reconciler.set(two), repaired]);
    expect(await held()).toEqual(['ban 192.0.2.2']);
    expect(reconciler.pending()).toEqual([]);
  });

  test('does not try forever what runs out in the meantime', async () => {
    failing.add('add');
    await reconciler.set({ ...one, until: time + 1_000 });
    time += 2_000;
    failing.clear();
    await jest.advanceTimersByTimeAsync(30_000);
    expect(reconciler.pending()).toEqual([]);
    expect(await held()).toEqual([]);
  });

  test('asks the firewall nothing about what ran out', async () => {
    await reconciler.set({ ...one, until: time + 1_000 });
    time += 2_000;
    failing.add('add').add('remove');
    await reconciler.repair();
    expect(alarms).toEqual(new Set());
  });

  test('has an entry pending whose new time-out failed, although the old one was taken', async () => {
    const longer = { ...one, until: until + 60_000 };
    trouble = (entry) => (entry.until === longer.until ? 'FIREWALL_TIMEOUT' : undefined);
    await Promise.all([reconciler.set(one), reconciler.set(longer)]);
    expect(reconciler.pending()).toMatchObject([{ target: '192.0.2.1' }]);
    trouble = () => undefined;
    await jest.advanceTimersByTimeAsync(500);
    expect(await kernel.list()).toEqual([longer]);
    expect(reconciler.pending()).toEqual([]);
  });

  test('rejects what may not be, removes an older entry of it, and has nothing pending', async () => {
    await reconciler.set(one);
    untouchable.add('192.0.2.1');
    const longer = { ...one, until: until + 1 };
    await expect(reconciler.set(longer)).rejects.toMatchObject({ code: 'FIREWALL_UNTOUCHABLE' });
    expect(await held()).toEqual([]);
    expect(reconciler.pending()).toEqual([]);
    await expect(reconciler.set({ set: 'ban', target: 'x' })).rejects.toMatchObject({
      code: 'FIREWALL_REFUSED_TARGET',
    });
    expect(reconciler.pending()).toEqual([]);
    expect(alarms).toEqual(new Set());
  });

  test('gives up on a full drop set, which forged packets fill, but never on a ban', async () => {
    trouble = () => 'FIREWALL_SET_FULL';
    const full = { code: 'FIREWALL_SET_FULL' };
    await expect(reconciler.set({ ...one, set: 'drop' })).rejects.toMatchObject(full);
    await expect(reconciler.set(two)).resolves.toBe('pending');
    expect(reconciler.pending()).toMatchObject([{ set: 'ban' }]);
  });

  test('puts everything back when someone flushed the firewall', async () => {
    await reconciler.set(one);
    await kernel.teardown();
    await reconciler.repair();
    expect(await held()).toEqual(['ban 192.0.2.1']);
  });

  test('puts everything back by itself once it notices the flush', async () => {
    await reconciler.set(one);
    await kernel.teardown();
    await expect(reconciler.set(two)).resolves.toBe('pending');
    await jest.advanceTimersByTimeAsync(500);
    expect(await held()).toEqual(['ban 192.0.2.1', 'ban 192.0.2.2']);
  });

  test('tries nothing more after stop', async () => {
    failing.add('add');
    await reconciler.set(one);
    await reconciler.stop();
    const before = looks;
    await jest.advanceTimersByTimeAsync(600_000);
    expect(looks).toBe(before);
  });
});

describe('what others did', () => {
  const three: Entry = { set: 'drop', target: '192.0.2.3', until };
  beforeEach(() => reconciler.start([one, two]));

  test('is told in words, once it is repaired', async () => {
    await kernel.remove(one);
    await kernel.remove(two);
    await kernel.add(three);
    const words = ['1 too many in the set drop', '2 gone from the set ban'];
    await expect(reconciler.repair()).resolves.toEqual(words);
    await expect(reconciler.repair()).resolves.toEqual([]);
    expect(repaired).toEqual([words]);
    expect(await held()).toEqual(['ban 192.0.2.1', 'ban 192.0.2.2']);
  });

  test('is told although the repair took many attempts', async () => {
    await kernel.teardown();
    failing.add('prepare');
    await expect(reconciler.repair()).resolves.toEqual([]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(repaired).toEqual([]);
    failing.clear();
    await jest.advanceTimersByTimeAsync(30_000);
    expect(repaired).toEqual([expect.arrayContaining(['the set sw-ban4', '2 gone from the set ban'])]);
  });

  test('is not what we did ourselves meanwhile, nor what we still owe, nor what differs at a start', async () => {
    const repair = reconciler.repair();
    await Promise.all([reconciler.set(three), reconciler.unset(one), repair]);
    failing.add('add');
    await reconciler.set(one);
    failing.clear();
    await reconciler.repair();
    await reconciler.start([two]);
    expect(repaired).toEqual([]);
    expect(await held()).toEqual(['ban 192.0.2.2']);
  });

  test('blocks nobody for a moment who is to get through', async () => {
    const deny: Entry = { set: 'deny', target: '198.51.100.0/24' };
    const allow: Entry = { set: 'allow', target: '198.51.100.7' };
    const shield: Entry = { set: 'shield', target: '198.51.100.8' };
    await reconciler.start([deny, allow, shield]);
    await kernel.teardown();
    const added: string[] = [];
    trouble = ({ set }) => {
      added.push(set);
      return undefined;
    };
    await reconciler.repair();
    expect(added).toEqual(['allow', 'shield', 'deny']);
  });

  test('is no member that ran out', async () => {
    await kernel.remove(one);
    time = until - 1_000;
    await expect(reconciler.repair()).resolves.toEqual([]);
  });

  test('is looked for among members only where they may have been touched', async () => {
    await kernel.remove(one);
    await expect(reconciler.repair('rules')).resolves.toEqual([]);
    await expect(reconciler.repair('members')).resolves.toEqual(['1 gone from the set ban']);
  });
});

test('lets nothing go that the kernel holds before it was told the truth', async () => {
  await kernel.prepare();
  await kernel.add(one);
  await reconciler.repair();
  expect(await held()).toEqual(['ban 192.0.2.1']);
});

test('keeps what is for IPv6 until there is IPv6', async () => {
  const six: Entry = { set: 'ban', target: '2001:db8::/64', until };
  trouble = ({ target }) => (target.includes(':') ? 'FIREWALL_NO_IPV6' : undefined);
  await reconciler.start([one]);
  await expect(reconciler.set(six)).rejects.toMatchObject({ code: 'FIREWALL_NO_IPV6' });
  await reconciler.repair();
  expect(reconciler.pending()).toEqual([]);
  trouble = () => undefined;
  await reconciler.repair();
  expect(await held()).toEqual(['ban 192.0.2.1', 'ban 2001:db8::/64']);
});
