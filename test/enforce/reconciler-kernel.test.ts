// The reconciler on the real kernel: many entries, a firewall that others flush, and firewall programs that fail.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { createReconciler, type Reconciler } from '../../src/enforce/reconciler.ts';
import type { Enforcer, Entry } from '../../src/model/enforcer.ts';
import { missingForNamespaces, type Namespace, openNamespace } from './namespace.ts';
import { testRules } from './test-rules.ts';

const rules = testRules({
  udpPorts: [[5_060, 5_060]],
  tcpPorts: [],
  nflogGroup: 7,
  logLimitPerSecond: 50,
});
const missing = await missingForNamespaces();
const time = 1_700_000_000_000;

(missing ? describe.skip : describe)(missing ? `the kernel (skipped: ${missing})` : 'the kernel', () => {
  let namespace: Namespace;
  let folder: string;
  let enforcer: Enforcer;
  let reconciler: Reconciler;
  let alarms: Set<string>;
  let clock: number;

  beforeEach(async () => {
    namespace = await openNamespace();
    folder = await mkdtemp(join(tmpdir(), 'sipwarden-reconciler-'));
    alarms = new Set();
    clock = time;
    enforcer = createIpsetEnforcer({
      rules,
      now: () => clock,
      commandPrefix: [...namespace.prefix, 'env', `PATH=${folder}:${process.env.PATH}`],
      answerWithinMs: 1_000,
    });
    reconciler = createReconciler({
      enforcer,
      alarms: { raise: (code) => alarms.add(code), clear: (code) => alarms.delete(code) },
      now: () => clock,
      logger: pino({ level: 'silent' }),
    });
  });
  afterEach(async () => {
    await reconciler.stop();
    await enforcer.close();
    await namespace.remove();
    await rm(folder, { recursive: true });
  });

  const bans = (count: number): readonly Entry[] =>
    Array.from({ length: count }, (_, index) => ({
      set: 'ban',
      target: `198.${18 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
      until: time + 3_600_000,
    }));
  const heldTargets = async () => (await namespace.members()).map(({ target }) => target).toSorted();
  const heldPorts = async () =>
    (await namespace.members()).map(({ port }) => `${port?.protocol} ${port?.port}`).toSorted();
  const flush = async () => {
    await namespace.run('iptables-restore', [], '*raw\nCOMMIT\n');
    await namespace.run('ip6tables-restore', [], '*raw\nCOMMIT\n');
    await namespace.run('ipset', ['flush']);
  };
  const settled = async () => {
    for (let round = 0; round < 500 && alarms.size > 0; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  test('holds 100,000 bans after the start, and again after it was flushed', async () => {
    const desired = bans(100_000);
    await reconciler.start(desired);
    expect(await heldTargets()).toHaveLength(100_000);
    const before = await namespace.rules();
    await flush();
    await reconciler.repair();
    expect(await heldTargets()).toEqual(desired.map(({ target }) => target).toSorted());
    expect((await namespace.rules()).toSorted()).toEqual(before.toSorted());
    expect(reconciler.pending()).toEqual([]);
  }, 60_000);

  test.each([
    ['a day forward: whose time is up is let in', 86_400_000, []],
    ['an hour back: everybody stays, and to the same end', -3_600_000, ['198.18.0.0', '198.18.0.1']],
  ])('agrees with the truth after the clock jumped %s', async (_, jumpMs, left) => {
    await reconciler.start(bans(2));
    clock += jumpMs;
    await reconciler.repair();
    expect(await heldTargets()).toEqual(left);
    for (const { seconds } of await namespace.members()) {
      expect(Math.abs(seconds - (3_600_000 - jumpMs) / 1_000)).toBeLessThan(60);
    }
    expect(reconciler.pending()).toEqual([]);
    expect([...alarms]).toEqual([]);
  });

  test('loses at the start what nobody wants any more', async () => {
    const earlier = bans(3);
    await reconciler.start(earlier);
    await reconciler.stop();
    const next = createReconciler({
      enforcer,
      alarms: { raise: () => {}, clear: () => {} },
      now: () => time,
      logger: pino({ level: 'silent' }),
    });
    await next.start(earlier.slice(1));
    await next.stop();
    expect(await heldTargets()).toEqual(['198.18.0.1', '198.18.0.2']);
  });

  test('holds each port of an address for itself: one is missing, one is late, one is too much', async () => {
    const port = (number: number, until = time + 3_600_000): Entry => ({
      set: 'port',
      target: '203.0.113.9',
      port: { protocol: 'udp', port: number },
      until,
    });
    await reconciler.start([]);
    await enforcer.add(port(7_002, time + 60_000));
    await enforcer.add(port(7_003));
    await enforcer.add({ ...port(7_001), port: { protocol: 'tcp', port: 7_001 } });
    await reconciler.start([port(7_001), port(7_002)]);
    expect(await heldPorts()).toEqual(['udp 7001', 'udp 7002']);
    expect((await namespace.members()).filter(({ seconds }) => seconds > 3_500)).toHaveLength(2);
    await Promise.all([reconciler.set(port(7_004)), reconciler.unset(port(7_001))]);
    expect(await heldPorts()).toEqual(['udp 7002', 'udp 7004']);
    await flush();
    await reconciler.repair();
    expect(await heldPorts()).toEqual(['udp 7002', 'udp 7004']);
    expect(reconciler.pending()).toEqual([]);
    expect(alarms).toEqual(new Set());
  });

  test('lets no port go with the ban of its address', async () => {
    const [ban] = bans(1);
    const port: Entry = { ...ban!, set: 'port', port: { protocol: 'tcp', port: 7_001 } };
    await reconciler.start([ban!, port]);
    await reconciler.unset(ban!);
    expect(await heldPorts()).toEqual(['tcp 7001']);
  });

  test('gets what it missed while iptables failed', async () => {
    await writeFile(join(folder, 'iptables-restore'), '#!/bin/sh\nexit 4\n', { mode: 0o755 });
    const [first, second] = bans(2);
    await reconciler.start([first!]);
    await reconciler.set(second!);
    expect(alarms).toEqual(new Set(['FIREWALL_FAILING']));
    await rm(join(folder, 'iptables-restore'));
    await settled();
    expect(await heldTargets()).toEqual(['198.18.0.0', '198.18.0.1']);
    expect((await namespace.rules()).filter((rule) => rule.startsWith('-A PREROUTING'))).toHaveLength(4);
  });

  test('loses no ban of an IPv6 address while ip6tables fails for a moment', async () => {
    const [ban] = bans(1);
    await reconciler.start([{ ...ban!, target: '2001:db8:1::/64' }]);
    await writeFile(join(folder, 'ip6tables-save'), '#!/bin/sh\nexit 4\n', { mode: 0o755 });
    await flush();
    await reconciler.repair();
    await reconciler.set({ ...ban!, target: '2001:db8:2::/64' });
    expect(alarms).toEqual(new Set(['FIREWALL_FAILING']));
    await rm(join(folder, 'ip6tables-save'));
    await settled();
    expect(await heldTargets()).toEqual(['2001:db8:1::/64', '2001:db8:2::/64']);
    expect((await namespace.rules()).filter((rule) => rule.startsWith('-A PREROUTING'))).toHaveLength(4);
    expect(enforcer.notices()).toEqual([]);
  });

  test('gets what it missed while ipset hung', async () => {
    await reconciler.start([]);
    await enforcer.close();
    await writeFile(join(folder, 'ipset'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
    const outcomes = await Promise.all(bans(3).map(reconciler.set));
    expect(outcomes).toEqual(['pending', 'pending', 'pending']);
    expect(reconciler.pending()).toHaveLength(3);
    await rm(join(folder, 'ipset'));
    await settled();
    expect(await heldTargets()).toEqual(['198.18.0.0', '198.18.0.1', '198.18.0.2']);
    expect(reconciler.pending()).toEqual([]);
  }, 30_000);
});
