// The contract with sets alone, and that no rule is written beside them.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { createSetOnlyEnforcer } from '../../src/enforce/set-only.ts';
import type { Enforcer } from '../../src/model/enforcer.ts';
import { missingForNamespaces, type Namespace, openNamespace } from '../enforce/namespace.ts';
import { testRules } from '../enforce/test-rules.ts';
import { describeEnforcer } from './enforcer-contract.ts';

const clock = { time: 1_700_000_000_000 };
const missing = await missingForNamespaces();
const name = missing ? `set-only (skipped: ${missing})` : 'set-only';

function partsIn({ prefix }: Namespace) {
  return { rules: testRules(), now: () => clock.time, commandPrefix: prefix };
}

if (missing) describe.skip(name, () => test('contract', () => {}));
else {
  describeEnforcer(name, async () => {
    const namespace = await openNamespace();
    const enforcer = createSetOnlyEnforcer(partsIn(namespace));
    return {
      enforcer,
      clock,
      members: namespace.members,
      async dispose() {
        await enforcer.close();
        await namespace.remove();
      },
    };
  });
}

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
