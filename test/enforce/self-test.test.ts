import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createDryRunEnforcer } from '../../src/enforce/dry-run.ts';
import { guarded } from '../../src/enforce/guard.ts';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { testEnforcer } from '../../src/enforce/self-test.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { Enforcer, Entry } from '../../src/model/enforcer.ts';
import { createAlarmBoard } from '../../src/report/alarms.ts';
import { missingForNamespaces, type Namespace, openNamespace } from './namespace.ts';
import { testRules } from './test-rules.ts';

const now = Date.now;
const newAlarms = () => createAlarmBoard({ logger: createLogger('silent', 'test'), now });

test('an address that an administrator allows is not used for the test', async () => {
  const alarms = newAlarms();
  const tried: string[] = [];
  const isOurs = ({ target }: Entry) => {
    tried.push(target);
    return target === '192.0.2.255' ? [{ because: 'allowlisted', detail: 'office' } as const] : [];
  };
  const enforcer = guarded(createDryRunEnforcer({ now }), isOurs);
  await enforcer.prepare();
  await testEnforcer({ enforcer, alarms, now });
  expect(tried).toEqual(['192.0.2.255', '198.51.100.255']);
  expect(alarms.active()).toEqual([]);
  expect(await enforcer.list()).toEqual([]);
});

const missing = await missingForNamespaces();
(missing ? describe.skip : describe)(`the kernel${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let namespace: Namespace;
  let folder: string;
  let enforcer: Enforcer;

  beforeEach(async () => {
    namespace = await openNamespace();
    folder = await mkdtemp(join(tmpdir(), 'sipwarden-self-test-'));
    const commandPrefix = [...namespace.prefix, 'env', `PATH=${folder}:${process.env.PATH}`];
    enforcer = createIpsetEnforcer({ rules: testRules(), now, commandPrefix });
    await enforcer.prepare();
  });
  afterEach(async () => {
    await enforcer.close();
    await namespace.remove();
    await rm(folder, { recursive: true });
  });

  test('passes the test, and nothing is left of it', async () => {
    const alarms = newAlarms();
    await testEnforcer({ enforcer, alarms, now });
    expect(alarms.active()).toEqual([]);
    expect(await namespace.members()).toEqual([]);
  });

  test('that has lost the set fails it, and passes when the set is back', async () => {
    const alarms = newAlarms();
    await enforcer.teardown();
    await testEnforcer({ enforcer, alarms, now });
    expect(alarms.active()).toMatchObject([{ code: 'FIREWALL_SELF_TEST', hint: expect.any(String) }]);
    await enforcer.prepare();
    await testEnforcer({ enforcer, alarms, now });
    expect(alarms.active()).toEqual([]);
  });

  test('behind a program that takes every command and does nothing fails it', async () => {
    const alarms = newAlarms();
    const program = `#!/bin/sh
case "$1" in
-) n=0; while read -r line; do case "$line" in create*) n=$((n+1)); echo "typename '$n' is unknown" >&2;; esac; done;;
*) exec ipset "$@";;
esac
`;
    const real = (await namespace.run('sh', ['-c', 'command -v ipset'])).trim();
    await writeFile(join(folder, 'ipset'), program.replace('exec ipset', `exec ${real}`), { mode: 0o755 });
    await testEnforcer({ enforcer, alarms, now });
    expect(alarms.active()).toMatchObject([
      { code: 'FIREWALL_SELF_TEST', message: expect.stringContaining('is not in the kernel') },
    ]);
  });
});
