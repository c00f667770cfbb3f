// Whatever others do to the firewall of a real kernel is repaired by what the daemon runs, and told.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { watchFirewall } from '../../src/enforce/firewall-watch.ts';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { createNftablesEnforcer } from '../../src/enforce/nftables.ts';
import { createReconciler, type Reconciler } from '../../src/enforce/reconciler.ts';
import type { Enforcer, Entry } from '../../src/model/enforcer.ts';
import { linkLegacyIptables } from '../enforce/legacy-iptables.ts';
import { missingForNamespaces, type Namespace, openNamespace } from '../enforce/namespace.ts';
import { testRules } from '../enforce/test-rules.ts';
import { waitFor } from '../wait-for.ts';

const missing = await missingForNamespaces(['iptables', 'ipset', 'nft', 'iptables-legacy']);
const ban: Entry = { set: 'ban', target: '192.0.2.1' };
const foreign = '*raw\n-A PREROUTING -p tcp -j ACCEPT\nCOMMIT\n*filter\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n';

/** Everything that the daemon runs around an enforcer, and what it says. The watch begins with `begin`. */
async function guard(enforcer: Enforcer) {
  const repaired: (readonly string[])[] = [];
  const reconciler = createReconciler({
    enforcer,
    onRepaired: (damage) => repaired.push(damage),
    alarms: { raise: () => {}, clear: () => {} },
    now: Date.now,
    logger: pino({ level: 'silent' }),
  });
  await reconciler.start([ban]);
  let looks = 0;
  let stop = () => {};
  const repair: Reconciler['repair'] = async (touched) => {
    const damage = await reconciler.repair(touched);
    looks += 1;
    return damage;
  };
  return {
    repaired,
    looks: () => looks,
    async begin() {
      stop = watchFirewall({ enforcer, reconciler: { repair } });
      await waitFor('the first look', () => looks > 0);
    },
    async end() {
      stop();
      await reconciler.stop();
      await enforcer.close();
    },
  };
}

(missing ? describe.skip : describe)(missing ? `a watch (skipped: ${missing})` : 'a watch', () => {
  let namespace: Namespace;
  let watched: Awaited<ReturnType<typeof guard>>;
  let fresh: readonly string[];

  beforeEach(async () => {
    namespace = await openNamespace();
    const enforcer = createIpsetEnforcer({
      rules: testRules(),
      now: Date.now,
      commandPrefix: namespace.prefix,
    });
    await namespace.run('iptables-restore', [], foreign);
    watched = await guard(enforcer);
    fresh = await namespace.rules();
    await watched.begin();
  });
  afterEach(async () => {
    await watched.end();
    await namespace.remove();
  });

  const isOurs = (rule: string) => /SIPWARDEN|SW-/.test(rule);
  const ours = async () => (await namespace.rules()).filter(isOurs);
  const others = async () => (await namespace.rules()).filter((rule) => !isOurs(rule));
  const whole = async () => {
    const members = (await namespace.members()).map(({ set, target }) => `${set} ${target}`);
    const ports = await namespace.run('ipset', ['save', 'sw-udp']);
    return (
      JSON.stringify(await ours()) === JSON.stringify(fresh.filter(isOurs)) &&
      members.join() === 'ban 192.0.2.1' &&
      ports.includes('add sw-udp 5062')
    );
  };
  const restore = (text: string) => namespace.run('iptables-restore', [], text);
  const iptables = (...args: string[]) => namespace.run('iptables', ['-t', 'raw', ...args]);

  test.each<[string, () => Promise<unknown>]>([
    ['iptables-restore of the rules of another', () => restore(foreign)],
    ['iptables -t raw -F', () => iptables('-F')],
    ['iptables -t raw -F PREROUTING', () => iptables('-F', 'PREROUTING')],
    ['a flush of one chain of ours', () => iptables('-F', 'SW-LOG')],
    ['the deletion of our chains', () => iptables('-F').then(() => iptables('-X'))],
    ['a rule of another before our jumps', () => iptables('-I', 'PREROUTING', '-p', 'udp', '-j', 'ACCEPT')],
    ['a rule of another in our chain', () => iptables('-I', 'SIPWARDEN', '-j', 'ACCEPT')],
    ['nft flush ruleset', () => namespace.run('nft', ['flush', 'ruleset'])],
    ['nft delete table ip6 raw', () => namespace.run('nft', ['delete', 'table', 'ip6', 'raw'])],
    ['ipset flush', () => namespace.run('ipset', ['flush'])],
  ])('repairs %s, and leaves what is not ours', async (_, damage) => {
    await damage();
    const left = await others();
    await waitFor('it is whole', whole);
    await waitFor('it is told', () => watched.repaired.length > 0);
    expect(await others()).toEqual(left);
    expect(watched.repaired).toHaveLength(1);
  });

  test('repairs ipset destroy after a flush of the rules', async () => {
    await waitFor('a set is destroyed', async () => {
      await namespace.run('nft', ['flush', 'ruleset']);
      return namespace.run('ipset', ['destroy', 'sw-ban4']).then(
        () => true,
        () => false,
      );
    });
    await waitFor('it is whole', whole);
    await waitFor('it is told', () => watched.repaired.flat().includes('the set sw-ban4'));
  });

  test('looks no more than a few times at what its own repairs change', async () => {
    for (let round = 1; round <= 3; round += 1) {
      await iptables('-F', 'PREROUTING');
      await waitFor('it is told', () => watched.repaired.length === round);
      await waitFor('it is whole', whole);
    }
    // The first look; and for each flush the repair, one that our own change brings, and one that its references bring.
    expect(watched.looks()).toBeLessThanOrEqual(10);
    expect(watched.repaired).toHaveLength(3);
  });
});

(missing ? describe.skip : describe)('a watch of iptables-legacy, of which nobody tells', () => {
  let namespace: Namespace;
  let folder: string;
  let watched: Awaited<ReturnType<typeof guard>>;

  beforeEach(async () => {
    namespace = await openNamespace();
    folder = await linkLegacyIptables();
    await writeFile(join(folder, 'nft'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const commandPrefix = [...namespace.prefix, 'env', `PATH=${folder}:${process.env.PATH}`];
    const enforcer = createIpsetEnforcer({ rules: testRules(), now: Date.now, commandPrefix });
    watched = await guard(enforcer);
    await watched.begin();
  });
  afterEach(async () => {
    await watched.end();
    await namespace.remove();
    await rm(folder, { recursive: true });
  });

  test.each(['-F', '-F PREROUTING', '-D SIPWARDEN 6'])('repairs iptables -t raw %s', async (change) => {
    const saved = async () =>
      (await namespace.run('iptables-legacy-save', ['-t', 'raw']))
        .split('\n')
        .filter((line) => line.startsWith('-A'));
    const fresh = await saved();
    await namespace.run('iptables-legacy', ['-t', 'raw', ...change.split(' ')]);
    await waitFor('it is repaired', () => watched.repaired.length > 0);
    expect(await saved()).toEqual(fresh);
  });
});

(missing ? describe.skip : describe)('a watch of nftables', () => {
  let namespace: Namespace;
  beforeEach(async () => {
    namespace = await openNamespace();
  });
  afterEach(() => namespace.remove());

  test.each(['flush ruleset', 'delete table inet sipwarden', 'flush chain inet sipwarden prerouting'])(
    'repairs nft %s',
    async (change) => {
      const enforcer = createNftablesEnforcer({
        rules: testRules(),
        now: Date.now,
        commandPrefix: namespace.prefix,
      });
      const watched = await guard(enforcer);
      const table = () => namespace.run('nft', ['-s', '-t', 'list', 'table', 'inet', 'sipwarden']);
      const fresh = await table();
      try {
        await watched.begin();
        await namespace.run('nft', change.split(' '));
        await waitFor('it is told', () => watched.repaired.length > 0);
        await waitFor('it is whole', async () => (await table().catch(() => '')) === fresh);
        expect((await enforcer.list()).map(({ set, target }) => `${set} ${target}`)).toEqual([
          'ban 192.0.2.1',
        ]);
      } finally {
        await watched.end();
      }
    },
  );
});
