// Which back end is chosen, on machines that have the programs of one, of both, or of none.
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { createBackEndChoice } from '../../src/enforce/back-end-choice.ts';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { createNftablesEnforcer } from '../../src/enforce/nftables.ts';
import { runCommand } from '../../src/lib/run-command.ts';
import type { Enforcer, Entry } from '../../src/model/enforcer.ts';
import { missingForNamespaces, type Namespace, openNamespace } from './namespace.ts';
import { testRules } from './test-rules.ts';

const missing = await missingForNamespaces(['iptables', 'ipset', 'nft']);
const programs = {
  ipset: ['ipset', 'iptables', 'iptables-save', 'iptables-restore', 'ip6tables-save', 'ip6tables-restore'],
  nftables: ['nft'],
} as const;
type Name = keyof typeof programs;

(missing ? describe.skip : describe)(missing ? `the choice (skipped: ${missing})` : 'the choice', () => {
  let namespace: Namespace;
  let folder: string;
  const opened: Enforcer[] = [];

  beforeEach(async () => {
    namespace = await openNamespace();
    folder = await mkdtemp(join(tmpdir(), 'sipwarden-choice-'));
  });
  afterEach(async () => {
    for (const enforcer of opened.splice(0)) await enforcer.close();
    await namespace.remove();
    await rm(folder, { recursive: true });
  });

  /** A machine that has these programs and no other. */
  const machineWith = async (...names: readonly Name[]) => {
    for (const program of ['env', 'nice', ...names.flatMap((name) => programs[name])]) {
      const { stdout } = await runCommand('which', [program]);
      await symlink(stdout.trim(), join(folder, program)).catch(() => {});
    }
    return [...namespace.prefix, '/usr/bin/env', `PATH=${folder}`];
  };
  const make = {
    ipset: (commandPrefix: readonly string[]) =>
      createIpsetEnforcer({ rules: testRules(), now: Date.now, commandPrefix }),
    nftables: (commandPrefix: readonly string[]) =>
      createNftablesEnforcer({ rules: testRules(), now: Date.now, commandPrefix }),
  };
  const choice = (
    commandPrefix: readonly string[],
    candidates: readonly Name[],
    others: readonly Name[] = [],
  ) => {
    const enforcer = createBackEndChoice({
      candidates: candidates.map((name) => make[name](commandPrefix)),
      others: others.map((name) => make[name](commandPrefix)),
      logger: pino({ level: 'silent' }),
    });
    opened.push(enforcer);
    return enforcer;
  };
  const auto = ['ipset', 'nftables'] as const;
  const members: readonly Entry[] = [
    { set: 'allow', target: '192.0.2.0/24' },
    { set: 'ban', target: '198.51.100.1' },
    { set: 'port', target: '203.0.113.9', port: { protocol: 'udp', port: 7_001 } },
  ];
  const byText = (entries: readonly Entry[]) => entries.map((entry) => JSON.stringify(entry)).toSorted();

  test('is ipset where both work, and says so', async () => {
    const enforcer = choice(await machineWith('ipset', 'nftables'), auto);
    await enforcer.prepare();
    expect(enforcer.backEnd()).toMatchObject({ name: 'ipset', because: 'ipset works here' });
    expect(await namespace.run('nft', ['list', 'tables', 'inet'])).toBe('');
  });

  test('is nftables where there is no ipset, and says why', async () => {
    const enforcer = choice(await machineWith('nftables'), auto);
    await enforcer.prepare();
    expect(enforcer.backEnd()).toMatchObject({
      name: 'nftables',
      because: expect.stringMatching(/^nftables works here; ipset cannot be used \(.+\)$/),
      capabilities: { hotSignatures: false },
    });
    await enforcer.add(members[0]!);
    expect(await enforcer.list()).toEqual([members[0]]);
  });

  test('fails with a cure where nothing works, and takes nothing', async () => {
    const enforcer = choice(await machineWith(), auto);
    await expect(enforcer.prepare()).rejects.toMatchObject({
      code: 'FIREWALL_NO_BACK_END',
      hint: expect.stringContaining('install'),
    });
    await expect(enforcer.add(members[0]!)).rejects.toMatchObject({ code: 'FIREWALL_NOT_PREPARED' });
  });

  test('is the one that is configured, with its own failure where it does not work', async () => {
    const enforcer = choice(await machineWith('nftables'), ['ipset']);
    await expect(enforcer.prepare()).rejects.toThrow(/‘?ipset’?/);
    expect(enforcer.backEnd()).not.toHaveProperty('because');
  });

  test('stays when it is prepared again, although another one works by then', async () => {
    const prefix = await machineWith('nftables');
    const enforcer = choice(prefix, auto);
    await enforcer.prepare();
    await machineWith('ipset');
    await enforcer.prepare();
    expect(enforcer.backEnd().name).toBe('nftables');
  });

  test.each([
    ['ipset', 'nftables'],
    ['nftables', 'ipset'],
  ] as const)('takes over what %s left when it becomes %s, and removes it', async (before, after) => {
    const prefix = await machineWith('ipset', 'nftables');
    const first = choice(prefix, [before]);
    await first.prepare();
    for (const entry of members) await first.add(entry);
    await first.close();
    const second = choice(prefix, [after], [before]);
    expect(byText(await second.list())).toEqual(byText(members));
    await second.prepare();
    expect(byText(await second.list())).toEqual(byText(members));
    if (before === 'ipset') {
      expect(await namespace.setNames()).toEqual([]);
      expect(await namespace.rules()).toEqual([]);
    } else expect(await namespace.run('nft', ['list', 'tables', 'inet'])).toBe('');
  });

  test('leaves nothing of any of them after teardown', async () => {
    const prefix = await machineWith('ipset', 'nftables');
    for (const name of auto) await make[name](prefix).prepare();
    await choice(prefix, auto).teardown();
    expect(await namespace.setNames()).toEqual([]);
    expect(await namespace.run('nft', ['list', 'tables', 'inet'])).toBe('');
  });

  test('tears down on a machine with one of them only', async () => {
    const enforcer = choice(await machineWith('nftables'), auto);
    await enforcer.prepare();
    await enforcer.teardown();
    expect(await namespace.run('nft', ['list', 'tables', 'inet'])).toBe('');
  });
});
