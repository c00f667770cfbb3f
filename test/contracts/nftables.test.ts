// The contract on the real kernel with nftables, and what only a kernel can show.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createNftablesEnforcer } from '../../src/enforce/nftables.ts';
import type { Enforcer, Entry } from '../../src/model/enforcer.ts';
import { missingForNamespaces, type Namespace, openNamespace } from '../enforce/namespace.ts';
import { testLimit, testRules } from '../enforce/test-rules.ts';
import { describeInKernel } from './kernel-contract.ts';

const settings = testRules({
  udpPorts: [[5_060, 5_070]],
  tftpPorts: [[69, 69]],
  guests: ['vnet+'],
  banScope: 'all-ports',
  limits: [testLimit(), testLimit({ name: 'tftp' })],
});
const clock = { time: 1_700_000_000_000 };
const missing = await missingForNamespaces(['nft']);
const name = missing ? `nftables (skipped: ${missing})` : 'nftables';

function enforcerIn(
  namespace: Namespace,
  changes: Partial<Parameters<typeof createNftablesEnforcer>[0]> = {},
) {
  return createNftablesEnforcer({
    rules: settings,
    now: () => clock.time,
    commandPrefix: namespace.prefix,
    ...changes,
  });
}

describeInKernel({
  name: 'nftables',
  missing,
  clock,
  create: (namespace) => enforcerIn(namespace),
  membersIn: ({ nftMembers }) => nftMembers,
});

(missing ? describe.skip : describe)(`${name}, in the kernel`, () => {
  let namespace: Namespace;
  let enforcer: Enforcer;

  beforeEach(async () => {
    namespace = await openNamespace();
    enforcer = enforcerIn(namespace);
  });
  afterEach(async () => {
    await enforcer.close();
    await namespace.remove();
  });

  const ruleset = () => namespace.run('nft', ['-s', 'list', 'ruleset']);

  test('changes nothing when it is prepared twice', async () => {
    await enforcer.prepare();
    const once = await ruleset();
    await enforcer.prepare();
    expect(await ruleset()).toBe(once);
  });

  test('leaves nothing behind after teardown, and tables of others as they are', async () => {
    const others =
      'table inet other {\n\tset ban4_32 {\n\t\ttype ipv4_addr\n\t}\n\n\tchain input {\n\t}\n}\n';
    await namespace.run('nft', ['-f', '-'], others);
    const before = await ruleset();
    await enforcer.prepare();
    await enforcer.add({ set: 'ban', target: '192.0.2.0/24' });
    await enforcer.teardown();
    expect(await ruleset()).toBe(before);
  });

  test('holds nested and overlapping networks, and drops for each of them alone', async () => {
    await enforcer.prepare();
    const targets = ['192.0.2.0/24', '192.0.2.128/25', '192.0.0.0/16', '192.0.2.129'];
    targets.push('2001:db8::/32', '2001:db8:1::/48', '2001:db8:1:2::/64', '2001:db8:1:2::3');
    await Promise.all(targets.map((target) => enforcer.add({ set: 'ban', target })));
    const held = async () => (await namespace.nftMembers()).map(({ target }) => target).toSorted();
    expect(await held()).toEqual(targets.toSorted());
    await enforcer.remove({ set: 'ban', target: '192.0.0.0/16' });
    await enforcer.remove({ set: 'ban', target: '2001:db8:1::/48' });
    const rest = targets.filter((target) => target !== '192.0.0.0/16' && target !== '2001:db8:1::/48');
    expect(await held()).toEqual(rest.toSorted());
    const listed = (await enforcer.list()).map(({ target }) => target);
    expect(listed.toSorted()).toEqual(rest.toSorted());
  });

  test('looks up networks of a new length in the chains, before it says that one is held', async () => {
    await enforcer.prepare();
    await enforcer.add({ set: 'deny', target: '192.0.2.0/27' });
    const chain = await namespace.run('nft', ['list', 'chain', 'inet', 'sipwarden', 'requests']);
    expect(chain).toContain('ip saddr & 255.255.255.224 == @deny4_27 drop');
  });

  test('shows a second instance what the first one left, with networks of every length', async () => {
    await enforcer.prepare();
    const entries: Entry[] = [
      { set: 'ban', target: '192.0.2.1', until: clock.time + 600_000 },
      { set: 'deny', target: '2001:db8::/29' },
      { set: 'port', target: '203.0.113.9', port: { protocol: 'tcp', port: 7_001 } },
    ];
    for (const entry of entries) await enforcer.add(entry);
    await enforcer.close();
    const second = enforcerIn(namespace);
    await second.prepare();
    const listed = await second.list();
    expect(listed).toHaveLength(3);
    expect(listed).toContainEqual(entries[1]);
    expect(listed).toContainEqual(entries[2]);
    const until = listed.find(({ set }) => set === 'ban')?.until ?? 0;
    expect(Math.abs(until - (clock.time + 600_000))).toBeLessThan(10_000);
    expect(await ruleset()).toContain('@deny6_29 drop');
    await second.close();
  });

  test('makes a set anew that was made otherwise, and lets no member of it go', async () => {
    const old = [
      'add table inet sipwarden',
      'add chain inet sipwarden requests',
      'add set inet sipwarden ban4_32 { type ipv4_addr; flags timeout; size 1000; }',
      'add set inet sipwarden deny4_32 { type ipv4_addr; }',
      'add element inet sipwarden ban4_32 { 192.0.2.1 timeout 600s, 192.0.2.2 }',
      'add element inet sipwarden deny4_32 { 192.0.2.3 }',
      'add rule inet sipwarden requests ip saddr @ban4_32 drop',
    ];
    await namespace.run('nft', ['-f', '-'], `${old.join('\n')}\n`);
    await enforcer.prepare();
    const members = (await namespace.nftMembers()).toSorted((a, b) => a.target.localeCompare(b.target));
    expect(members).toMatchObject([
      { set: 'ban', target: '192.0.2.1' },
      { set: 'ban', target: '192.0.2.2', seconds: 0 },
      { set: 'deny', target: '192.0.2.3', seconds: 0 },
    ]);
    expect(members[0]!.seconds).toBeGreaterThan(500);
    await enforcer.add({ set: 'deny', target: '192.0.2.4', until: clock.time + 60_000 });
    expect(await ruleset()).toMatch(
      /set ban4_32 \{\s+type ipv4_addr\s+size 262144\s+flags timeout\s+counter/,
    );
  });

  test('reports a table that someone removed, and has it back after prepare', async () => {
    await enforcer.prepare();
    await namespace.run('nft', ['flush', 'ruleset']);
    for (const target of ['192.0.2.1', '192.0.2.0/28']) {
      const entry = { set: 'ban', target } as const;
      await expect(enforcer.add(entry)).rejects.toMatchObject({ code: 'FIREWALL_NOT_PREPARED' });
    }
    await enforcer.prepare();
    await enforcer.add({ set: 'ban', target: '192.0.2.1' });
    expect(await namespace.nftMembers()).toHaveLength(1);
  });

  test('takes what there is room for, renews and removes in a full set, and says that it is full', async () => {
    await enforcer.prepare();
    const targets = Array.from({ length: 65_536 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    const until = clock.time + 3_600_000;
    await Promise.all(targets.map((target) => enforcer.add({ set: 'drop', target, until })));
    const late = [
      enforcer.add({ set: 'drop', target: '192.0.2.1', until }),
      enforcer.add({ set: 'drop', target: '10.0.0.1', until: until + 60_000 }),
      enforcer.remove({ set: 'drop', target: '192.0.2.2' }),
      enforcer.add({ set: 'ban', target: '192.0.2.3' }),
    ];
    const outcomes = await Promise.allSettled(late);
    expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : ''))).toEqual([
      'FIREWALL_SET_FULL',
      '',
      '',
      '',
    ]);
  }, 60_000);
});
