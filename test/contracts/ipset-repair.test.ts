// What others did to our rules and sets, and what an older version left, on the real kernel.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { jumpRules } from '../../src/enforce/iptables-rules.ts';
import type { Enforcer } from '../../src/model/enforcer.ts';
import { missingForNamespaces, type Namespace, openNamespace } from '../enforce/namespace.ts';
import { testRules } from '../enforce/test-rules.ts';

const rules = testRules({
  udpPorts: [[5_060, 5_070]],
  tcpPorts: [[5_060, 5_061]],
  tftpPorts: [[69, 69]],
});
const jumps = jumpRules(rules);
const missing = await missingForNamespaces();

(missing ? describe.skip : describe)(missing ? `repair (skipped: ${missing})` : 'repair', () => {
  let namespace: Namespace;
  let enforcer: Enforcer;

  beforeEach(async () => {
    namespace = await openNamespace();
    const now = () => 1_700_000_000_000;
    enforcer = createIpsetEnforcer({ rules, now, commandPrefix: namespace.prefix });
  });
  afterEach(async () => {
    await enforcer.close();
    await namespace.remove();
  });

  describe.each([
    ['only sets', ['-F', '-X']],
    ['no jumps', ['-F PREROUTING', '-F OUTPUT']],
    ['one jump gone', [`-D ${jumps[0]?.slice(3)}`]],
    ['every jump twice', jumps.map((rule) => `-I ${rule.slice(3)}`)],
    ['one jump three times', Array(2).fill(`-I ${jumps[3]?.slice(3)}`)],
    ['a chain emptied', ['-F SIPWARDEN']],
    ['a rule of another in our chain', ['-I SIPWARDEN -j ACCEPT']],
    ['an older jump of ours', ['-I PREROUTING -p udp -m comment --comment "it is old" -j SIPWARDEN']],
  ])('found with %s', (_, changes) => {
    let fresh: readonly string[];
    beforeEach(async () => {
      await enforcer.prepare();
      fresh = await namespace.rules();
      for (const program of ['iptables-restore', 'ip6tables-restore']) {
        await namespace.run(program, ['--noflush'], ['*raw', ...changes, 'COMMIT', ''].join('\n'));
      }
      await namespace.run(
        'ipset',
        ['restore'],
        'create sw-udp-next bitmap:port range 0-65535\nadd sw-udp-next 9999\n',
      );
    });

    test('is whole again after prepare', async () => {
      await enforcer.prepare();
      expect((await namespace.rules()).toSorted()).toEqual(fresh.toSorted());
      expect(await namespace.setNames()).toHaveLength(25);
      expect(await namespace.run('ipset', ['save', 'sw-udp'])).not.toContain('9999');
    });

    test('is gone after teardown', async () => {
      await enforcer.teardown();
      expect(await namespace.rules()).toEqual([]);
      expect(await namespace.setNames()).toEqual([]);
    });
  });

  test('is whole again after prepare where sets are missing', async () => {
    await enforcer.prepare();
    await enforcer.teardown();
    await namespace.run('ipset', ['restore'], 'create sw-ban4 hash:net maxelem 262144 timeout 0\n');
    await enforcer.prepare();
    await enforcer.add({ set: 'ban', target: '192.0.2.1' });
    expect(await namespace.setNames()).toHaveLength(25);
  });

  test('reports a set that someone destroyed, and has it back after prepare', async () => {
    await enforcer.prepare();
    for (const program of ['iptables-restore', 'ip6tables-restore']) {
      await namespace.run(program, [], '*raw\nCOMMIT\n');
    }
    await namespace.run('ipset', ['destroy']).catch(() => namespace.run('ipset', ['destroy']));
    const entry = { set: 'ban', target: '192.0.2.1' } as const;
    await expect(enforcer.add(entry)).rejects.toMatchObject({ code: 'FIREWALL_NOT_PREPARED' });
    await enforcer.prepare();
    await enforcer.add(entry);
    expect(await namespace.members()).toEqual([{ ...entry, seconds: 0 }]);
  });

  test('takes over what a version left that was killed while it took over from an older one', async () => {
    await enforcer.prepare();
    await enforcer.teardown();
    const old = 'hash:net family inet maxelem 262144 timeout 0';
    const lines = [
      `create sw-ban4 ${old}`,
      'add sw-ban4 192.0.2.1',
      `create sw-ban4-next ${old} comment`,
      'create sw-deny4-next hash:net family inet maxelem 262144 timeout 0 counters',
    ];
    await namespace.run('ipset', ['restore'], `${lines.join('\n')}\n`);
    await enforcer.prepare();
    expect(await namespace.setNames()).toHaveLength(25);
    expect(await namespace.members()).toEqual([{ set: 'ban', target: '192.0.2.1', seconds: 0 }]);
  });

  test('takes over what a version without the sets order and port left, and lets no member of it go', async () => {
    const old = ['allow', 'deny', 'shield', 'ban', 'drop'] as const;
    const capacities = { allow: 65_536, deny: 262_144, shield: 65_536, ban: 262_144, drop: 65_536 };
    const lines = old.flatMap((set) => [
      `create sw-${set}4 hash:net family inet maxelem ${capacities[set]} timeout 0`,
      `add sw-${set}4 192.0.2.1`,
      `create sw-${set}6 hash:net family inet6 maxelem ${capacities[set]} timeout 0`,
      `add sw-${set}6 2001:db8::/64 timeout 600`,
    ]);
    await namespace.run('ipset', ['restore'], `${lines.join('\n')}\n`);
    const chain = ':SIPWARDEN - [0:0]\n-A SIPWARDEN -m set --match-set sw-ban4 src -j DROP';
    await namespace.run('iptables-restore', [], `*raw\n${chain}\nCOMMIT\n`);
    await enforcer.prepare();
    const members = await namespace.members();
    expect(members.map(({ set, target }) => `${set} ${target}`).toSorted()).toEqual(
      old.flatMap((set) => [`${set} 192.0.2.1`, `${set} 2001:db8::/64`]).toSorted(),
    );
    expect(members.filter(({ seconds }) => seconds > 500)).toHaveLength(old.length);
    const fresh = await namespace.rules();
    await enforcer.teardown();
    await enforcer.prepare();
    expect(await namespace.rules()).toEqual(fresh);
  });
});
