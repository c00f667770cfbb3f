// The contract on the real kernel, and what only a kernel can show: restart, and that others are left alone.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { jumpRules } from '../../src/enforce/iptables-rules.ts';
import type { Entry } from '../../src/model/enforcer.ts';
import { missingForNamespaces, type Namespace, openNamespace } from '../enforce/namespace.ts';
import { testRules } from '../enforce/test-rules.ts';
import { describeInKernel } from './kernel-contract.ts';

const settings = testRules({
  udpPorts: [
    [69, 69],
    [5_060, 5_070],
  ],
  tcpPorts: [[5_060, 5_061]],
});
const clock = { time: 1_700_000_000_000 };

const missing = await missingForNamespaces();
const name = missing ? `ipset (skipped: ${missing})` : 'ipset';

function enforcerIn(namespace: Namespace, changes: Partial<Parameters<typeof createIpsetEnforcer>[0]> = {}) {
  return createIpsetEnforcer({
    rules: settings,
    now: () => clock.time,
    commandPrefix: namespace.prefix,
    ...changes,
  });
}

describeInKernel({ name: 'ipset', missing, clock, create: (namespace) => enforcerIn(namespace) });

(missing ? describe.skip : describe)(`${name}, in the kernel`, () => {
  let namespace: Namespace;
  let enforcer: ReturnType<typeof createIpsetEnforcer>;

  beforeEach(async () => {
    namespace = await openNamespace();
    enforcer = enforcerIn(namespace);
  });
  afterEach(async () => {
    await enforcer.close();
    await namespace.remove();
  });

  const jumps = async () =>
    (await namespace.rules()).filter((rule) => /^-A (PREROUTING|OUTPUT) .*(SIPWARDEN|SW-OUT)$/.test(rule));
  const jumpsOfOne = jumpRules(settings);
  const bothFamilies = [...jumpsOfOne, ...jumpsOfOne].toSorted();

  test('leads each transport and direction into our chains once', async () => {
    await enforcer.prepare();
    expect((await jumps()).toSorted()).toEqual(bothFamilies);
  });

  test('asks allow, deny, order, port, shield, ban, drop in this order, and allow and shield go straight to the log', async () => {
    await enforcer.prepare();
    const chain = (await namespace.run('iptables', ['-t', 'raw', '-S', 'SIPWARDEN'])).split('\n').slice(1);
    expect(chain.filter(Boolean)).toEqual([
      '-A SIPWARDEN -m set --match-set sw-allow4 src -g SW-LOG',
      '-A SIPWARDEN -m set --match-set sw-deny4 src -j DROP',
      '-A SIPWARDEN -m set --match-set sw-order4 src -j DROP',
      '-A SIPWARDEN -m set --match-set sw-port4 src,src -j DROP',
      '-A SIPWARDEN -m set --match-set sw-shield4 src -g SW-LOG',
      '-A SIPWARDEN -m set --match-set sw-ban4 src -j DROP',
      '-A SIPWARDEN -m set --match-set sw-drop4 src -j DROP',
      '-A SIPWARDEN -g SW-LOG',
    ]);
  });

  test('changes nothing when it is prepared twice', async () => {
    await enforcer.prepare();
    const once = await namespace.rules();
    await enforcer.prepare();
    expect(await namespace.rules()).toEqual(once);
  });

  test('leaves nothing behind after teardown', async () => {
    await enforcer.prepare();
    await enforcer.add({ set: 'ban', target: '192.0.2.1' });
    await enforcer.teardown();
    expect(await namespace.rules()).toEqual([]);
    expect(await namespace.setNames()).toEqual([]);
  });

  test('leaves rules, chains and sets of others as they are', async () => {
    await namespace.run('ipset', ['restore'], 'create sw-foreign hash:ip\nadd sw-foreign 192.0.2.9\n');
    for (const program of ['iptables-restore', 'ip6tables-restore']) {
      await namespace.run(
        program,
        [],
        [
          '*raw',
          ':SW-FOREIGN - [0:0]',
          '-A PREROUTING -p udp -m udp --dport 5060 -j SW-FOREIGN',
          '-A OUTPUT -m comment --comment "to SIPWARDEN" -j ACCEPT',
          'COMMIT',
          '*filter',
          ':SIPWARDEN - [0:0]',
          '-A INPUT -j SIPWARDEN',
          'COMMIT',
          '',
        ].join('\n'),
      );
    }
    const before = await namespace.rules();
    await enforcer.prepare();
    expect(await namespace.rules()).toEqual(expect.arrayContaining([...before]));
    await enforcer.teardown();
    expect(await namespace.rules()).toEqual(before);
    expect(await namespace.run('ipset', ['save'])).toContain('add sw-foreign 192.0.2.9');
  });

  test('shows a second instance what the first one left, with the times', async () => {
    await enforcer.prepare();
    await enforcer.add({ set: 'ban', target: '192.0.2.1', until: clock.time + 600_000 });
    await enforcer.add({ set: 'deny', target: '2001:db8::/32' });
    await enforcer.close();
    const second = enforcerIn(namespace);
    await second.prepare();
    const [deny, ban] = await second.list();
    expect(deny).toEqual({ set: 'deny', target: '2001:db8::/32' });
    expect(ban).toMatchObject({ set: 'ban', target: '192.0.2.1' });
    expect(Math.abs(ban!.until! - (clock.time + 600_000))).toBeLessThan(10_000);
  });

  test('shows a second instance the udp and tcp ports that are there, whoever put them', async () => {
    await enforcer.prepare();
    const entry: Entry = { set: 'port', target: '203.0.113.9', port: { protocol: 'udp', port: 7_001 } };
    await enforcer.add({ ...entry, until: clock.time + 600_000 });
    await enforcer.close();
    await namespace.run('ipset', ['add', 'sw-port6', '2001:db8::1,tcp:5060', 'timeout', '0']);
    await namespace.run('ipset', ['add', 'sw-port4', '203.0.113.9,sctp:7001']);
    const second = enforcerIn(namespace);
    await second.prepare();
    const [port, other, ...others] = await second.list();
    expect(port).toMatchObject(entry);
    expect(Math.abs(port!.until! - (clock.time + 600_000))).toBeLessThan(10_000);
    expect(other).toEqual({ set: 'port', target: '2001:db8::1', port: { protocol: 'tcp', port: 5_060 } });
    expect(others).toEqual([]);
  });

  test('takes other ports and another limit without letting members go', async () => {
    await enforcer.prepare();
    await enforcer.add({ set: 'ban', target: '192.0.2.1' });
    const before = await namespace.rules();
    const rules = { ...settings, udpPorts: [[5_080, 5_081]], logLimitPerSecond: 500 } as const;
    await enforcerIn(namespace, { rules }).prepare();
    const ports = (await namespace.run('ipset', ['save', 'sw-udp']))
      .split('\n')
      .filter((l) => l.startsWith('add'));
    expect(ports).toEqual(['add sw-udp 5080', 'add sw-udp 5081']);
    expect(await namespace.members()).toHaveLength(1);
    const limitNames = (all: readonly string[]) =>
      all.flatMap((rule) => rule.match(/hashlimit-name \S+/g) ?? []);
    const after = limitNames(await namespace.rules());
    expect(after).not.toEqual([]);
    expect(after.filter((limit) => limitNames(before).includes(limit))).toEqual([]);
  });

  test('says what to do where a rule of another names a set of ours', async () => {
    await enforcer.prepare();
    const rule = ['INPUT', '-m', 'set', '--match-set', 'sw-ban4', 'src', '-j', 'DROP'];
    await namespace.run('iptables', ['-A', ...rule]);
    await expect(enforcer.teardown()).rejects.toMatchObject({ code: 'FIREWALL_SET_IN_USE' });
    await namespace.run('iptables', ['-D', ...rule]);
    await enforcer.teardown();
    expect(await namespace.setNames()).toEqual([]);
  });

  test('has nothing to say where it protects both', async () => {
    await enforcer.prepare();
    expect(enforcer.notices()).toEqual([]);
  });
});
