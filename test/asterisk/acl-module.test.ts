import { afterEach, describe, expect, test } from '@jest/globals';
import { createAclModule, parseShownAcl } from '../../src/asterisk/acl-module.ts';
import type { AclRule } from '../../src/model/pbx-acl.ts';
import { startAmiServer } from './ami-server.ts';
import { connectActions } from './connect-actions.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** As Asterisk 22 prints it. */
const shown = [
  'ACL: sipwarden',
  '---------------------------------------------',
  '  0:  deny - 192.0.2.255/255.255.255.255',
  '  1:  deny - 203.0.113.0/255.255.255.0',
  '  2:  deny - 2001:db8::/ffff:ffff:ffff:ffff::',
  '  3: allow - 2001:db8::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
];
const rules: readonly AclRule[] = [
  { sense: 'deny', network: '203.0.113.0/24' },
  { sense: 'deny', network: '2001:db8::/64' },
  { sense: 'permit', network: '2001:db8::1' },
];

async function connect(command: readonly string[], reload = ['Response: Success']) {
  const server = await startAmiServer({
    users: { actor: 'secret-of-actor' },
    answer: ({ action }) => (action === 'Reload' ? reload : action === 'Command' ? command : undefined),
  });
  cleanups.push(server.close);
  const actions = await connectActions(server.port);
  cleanups.push(actions.close);
  const acl = createAclModule(() => 'sipwarden');
  acl.connect(actions);
  return { acl, actions, server };
}
const output = (lines: readonly string[]) => ['Response: Success', ...lines.map((line) => `Output: ${line}`)];

describe('the ACL of Asterisk, over AMI', () => {
  test('is read again, and read back', async () => {
    const { acl, server } = await connect(output(shown));
    await acl.take(rules);
    expect(server.actions.slice(-2)).toMatchObject([
      { action: 'Reload', module: 'acl' },
      { action: 'Command', command: 'acl show sipwarden' },
    ]);
    expect(acl.notices()).toEqual([]);
  });

  test.each([
    ['other rules', output(shown.slice(0, -1)), '3 rules, not the 4'],
    ['no such section', output(["Could not find ACL named 'sipwarden'"]), 'no such ACL'],
  ])('is not in force where Asterisk has %s', async (_what, command, message) => {
    const { acl } = await connect(command);
    await expect(acl.take(rules)).rejects.toMatchObject({
      code: 'ACL_NOT_IN_FORCE',
      message: expect.stringContaining(message),
    });
  });

  test('is believed where the login may not read back, and that is said', async () => {
    const { acl, server } = await connect(['Response: Error', 'Message: Permission denied']);
    await acl.take(rules);
    expect(acl.notices().join()).toMatch(/--with-command/);
    await acl.take(rules);
    expect(server.actions.filter(({ action }) => action === 'Command')).toHaveLength(1);
  });

  test('is not read where Asterisk refuses, or is not there', async () => {
    const { acl } = await connect(output(shown), ['Response: Error', 'Message: Permission denied']);
    await expect(acl.take(rules)).rejects.toMatchObject({ code: 'ACL_NOT_READ' });
    acl.connect(undefined);
    await expect(acl.take(rules)).rejects.toMatchObject({
      code: 'ACL_NOT_READ',
      message: expect.stringContaining('no actions login'),
    });
  });

  test('tells each time that Asterisk can be asked again', async () => {
    const { acl, actions } = await connect(output(shown));
    let times = 0;
    const stop = acl.watch(() => {
      times += 1;
    });
    acl.connect(undefined);
    acl.connect(actions);
    stop();
    acl.connect(actions);
    expect(times).toBe(1);
  });

  test('is read from what the console shows', () => {
    expect(parseShownAcl(shown.join('\n'))).toEqual([{ sense: 'deny', network: '192.0.2.255' }, ...rules]);
    expect(parseShownAcl('anything else')).toBeUndefined();
  });
});
