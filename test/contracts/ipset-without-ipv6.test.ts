// A machine without IPv6: what is left of the protection, and that it is said.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import type { Enforcer, Entry } from '../../src/model/enforcer.ts';
import { missingForNamespaces, type Namespace, openNamespace } from '../enforce/namespace.ts';
import { testRules } from '../enforce/test-rules.ts';

const rules = testRules({
  udpPorts: [[5_060, 5_070]],
  tcpPorts: [],
  nflogGroup: 7,
  logLimitPerSecond: 50,
});
const missing = await missingForNamespaces();

(missing ? describe.skip : describe)(missing ? `without IPv6 (skipped: ${missing})` : 'without IPv6', () => {
  let namespace: Namespace;
  let folder: string;
  let enforcer: Enforcer;

  beforeEach(async () => {
    namespace = await openNamespace();
    folder = await mkdtemp(join(tmpdir(), 'sipwarden-no-ipv6-'));
    for (const program of ['ip6tables-save', 'ip6tables-restore']) {
      await writeFile(join(folder, program), '#!/bin/sh\necho "no IPv6 here" >&2\nexit 3\n', {
        mode: 0o755,
      });
    }
    const commandPrefix = [...namespace.prefix, 'env', `PATH=${folder}:${process.env.PATH}`];
    enforcer = createIpsetEnforcer({ rules, now: () => 1_700_000_000_000, commandPrefix });
    await enforcer.prepare();
  });
  afterEach(async () => {
    await enforcer.close();
    await namespace.remove();
    await rm(folder, { recursive: true });
  });

  test('protects IPv4 and says so', async () => {
    await enforcer.add({ set: 'ban', target: '192.0.2.1' });
    expect(await namespace.members()).toHaveLength(1);
    expect(enforcer.notices()).toEqual([expect.stringMatching(/^IPv6 is not protected: .*no IPv6 here/)]);
    expect(await namespace.setNames()).toHaveLength(14);
  });

  test('refuses IPv6 entries', async () => {
    const entries: readonly Entry[] = [
      { set: 'ban', target: '2001:db8::/64' },
      { set: 'port', target: '2001:db8::1', port: { protocol: 'udp', port: 7_001 } },
    ];
    for (const entry of entries) {
      await expect(enforcer.add(entry)).rejects.toMatchObject({ code: 'FIREWALL_NO_IPV6' });
    }
  });

  test('notices IPv6 that comes later, and protects it after the next prepare', async () => {
    expect(await enforcer.damage()).toEqual([]);
    for (const program of ['ip6tables-save', 'ip6tables-restore']) await rm(join(folder, program));
    expect(await enforcer.damage()).toEqual(['all for IPv6, which was not there']);
    await enforcer.prepare();
    expect(enforcer.notices()).toEqual([]);
    expect(await enforcer.damage()).toEqual([]);
    await enforcer.add({ set: 'ban', target: '2001:db8::/64' });
  });

  test('leaves nothing behind after teardown', async () => {
    await enforcer.teardown();
    expect(await namespace.rules()).toEqual([]);
    expect(await namespace.setNames()).toEqual([]);
  });
});
