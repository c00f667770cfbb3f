// The contract with sets alone, and that no rule is written beside them.
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { createSetOnlyEnforcer } from '../../src/enforce/set-only.ts';
import { type Enforcer, setNames } from '../../src/model/enforcer.ts';
import { missingForNamespaces, type Namespace, openNamespace } from '../enforce/namespace.ts';
import { testRules } from '../enforce/test-rules.ts';
import { describeInKernel } from './kernel-contract.ts';

const clock = { time: 1_700_000_000_000 };
const missing = await missingForNamespaces();
const name = missing ? `set-only (skipped: ${missing})` : 'set-only';

function partsIn({ prefix }: Namespace) {
  return { rules: testRules(), now: () => clock.time, commandPrefix: prefix };
}

describeInKernel({
  name: 'set-only',
  missing,
  clock,
  create: (namespace) => createSetOnlyEnforcer(partsIn(namespace)),
});

(missing ? describe.skip : describe)(`${name}, in the kernel`, () => {
  let namespace: Namespace;
  let enforcer: Enforcer;

  beforeEach(async () => {
    namespace = await openNamespace();
    enforcer = createSetOnlyEnforcer(partsIn(namespace));
  });
  afterEach(async () => {
    await enforcer.close();
    await namespace.remove();
  });

  test('writes no rule, and keeps those of the administrator', async () => {
    await enforcer.prepare();
    await namespace.run('iptables', [
      '-A',
      'INPUT',
      '-m',
      'set',
      '--match-set',
      'sw-ban4',
      'src',
      '-j',
      'DROP',
    ]);
    const before = await namespace.rules();
    await enforcer.prepare();
    await enforcer.add({ set: 'ban', target: '192.0.2.1' });
    expect(await namespace.rules()).toEqual(before);
  });

  test.each([4, 6] as const)('keeps every set that the rules of the manual name (IPv%d)', async (family) => {
    const manual = await readFile(`${import.meta.dirname}/../../docs/operating.md`, 'utf8');
    const rules = manual.split('\n').filter((line) => line.startsWith('iptables -t raw -'));
    await enforcer.prepare();
    for (const rule of rules) {
      const [program = '', ...args] = rule.replace(/^ip/, family === 4 ? 'ip' : 'ip6').split(' ');
      await namespace.run(
        program,
        args.map((word) => word.replace(/^(sw-\w+)4$/, `$1${family}`)),
      );
    }
    const asked = (await namespace.rules()).flatMap(
      (rule) => /-A PBX .*--match-set sw-(\w+)[46]/.exec(rule)?.[1] ?? [],
    );
    expect(asked).toEqual(setNames);
  });

  test('removes the rules that the back end ipset left, and keeps its members', async () => {
    const before = createIpsetEnforcer(partsIn(namespace));
    await before.prepare();
    await before.add({ set: 'ban', target: '192.0.2.1' });
    await before.close();
    await enforcer.prepare();
    expect(await namespace.rules()).toEqual([]);
    expect(await enforcer.list()).toEqual([{ set: 'ban', target: '192.0.2.1' }]);
  });

  test('leaves nothing behind after teardown, and says so where a rule still names a set', async () => {
    await enforcer.prepare();
    const rule = ['INPUT', '-m', 'set', '--match-set', 'sw-ban4', 'src', '-j', 'DROP'];
    await namespace.run('iptables', ['-A', ...rule]);
    await expect(enforcer.teardown()).rejects.toMatchObject({ code: 'FIREWALL_SET_IN_USE' });
    await namespace.run('iptables', ['-D', ...rule]);
    await enforcer.teardown();
    expect(await namespace.setNames()).toEqual([]);
  });

  test('says that the rules are the administrator’s', () => {
    expect(enforcer.notices().join(' ')).toMatch(/rules of your own/);
    expect(enforcer.backEnd().capabilities).toEqual({ hotSignatures: false, limits: false, capture: false });
  });
});
