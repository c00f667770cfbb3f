// The limited socket, and the program of Asterisk's command line that speaks to it.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { callDaemon } from '../../src/control/client.ts';
import { tryCommand } from '../../src/lib/run-command.ts';
import { success } from '../observations.ts';
import { bringUp, office } from './bring-up.ts';

const program = join(import.meta.dirname, '../../bin/sipwardenctl');
const stranger = '203.0.113.9';
let directory: string;
let daemon: Awaited<ReturnType<typeof bringUp>>;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sipwarden-console-'));
  daemon = await bringUp(directory);
  daemon.pipeline.observe([
    success({
      time: Date.now(),
      source: { address: office, port: 5061 },
      proof: { level: 'proven', by: 'nonce-echo', seenBy: 'packets', time: Date.now() },
    }),
  ]);
});
afterAll(async () => {
  await daemon.stop();
  await rm(directory, { recursive: true });
});

const ask = (method: 'GET' | 'POST', path: string, order?: object) =>
  callDaemon(daemon.asteriskSocket, method, path, order);
const say = async (...words: readonly string[]) => {
  const { exitCode, stdout, stderr } = await tryCommand(program, [
    '--socket',
    daemon.asteriskSocket,
    ...words,
  ]);
  return { exitCode, said: stdout.trim(), stderr };
};

test('the socket belongs to its group alone', async () => {
  expect((await stat(daemon.asteriskSocket)).mode & 0o777).toBe(0o660);
});

test.each([
  ['GET', '/v1/lists/allow'],
  ['POST', '/v1/lists/allow/add'],
  ['POST', '/v1/lists/deny/add'],
  ['POST', '/v1/held/approve'],
  ['POST', '/v1/confirm'],
  ['POST', '/v1/limits'],
  ['POST', '/v1/reload'],
  ['GET', '/v1/shield'],
] as const)('it knows no %s %s', async (method, path) => {
  await expect(ask(method, path, { target: stranger })).rejects.toThrow();
  expect(await daemon.orders.list('allow')).toEqual([]);
});

test('it takes no force, no other name and no other address of who gives the order', async () => {
  for (const more of [{ force: true }, { by: 'root' }, { from: '127.0.0.1' }]) {
    await expect(ask('POST', '/v1/bans', { target: stranger, ...more })).rejects.toMatchObject({
      code: 'ORDER_INVALID',
    });
  }
});

test('it bans and lets in strangers, and never blocks a phone of ours', async () => {
  await ask('POST', '/v1/bans', { target: stranger, forMs: 60_000 });
  expect(await ask('GET', '/v1/bans')).toMatchObject([
    { target: stranger, cause: { by: "Asterisk's command line" } },
  ]);
  expect(await ask('POST', '/v1/unban', { target: stranger })).toMatchObject({ wasInForce: true });
  await expect(ask('POST', '/v1/bans', { target: office })).rejects.toMatchObject({ code: 'ORDER_REFUSED' });
});

test('its program bans, shows, explains and lets in again', async () => {
  expect(await say('ban', stranger, '1h')).toMatchObject({
    exitCode: 0,
    said: expect.stringMatching(/^203\.0\.113\.9 is blocked until /),
  });
  expect((await say('show', 'bans')).said).toMatch(
    /^1 in force, the newest first:\n203\.0\.113\.9 ban until/,
  );
  expect((await say('explain', stranger)).said).toContain("Asterisk's command line");
  expect((await say('unban', stranger)).said).toBe('203.0.113.9 is not blocked any more');
  expect((await say('show', 'bans')).said).toBe('nobody is blocked');
});

test.each([
  [],
  ['ban'],
  ['ban', 'all'],
  ['ban', stranger, 'soon'],
  ['ban', stranger, '1h', '--force'],
  ['unban', stranger, 'please'],
  ['show', 'shield'],
  ['allow', 'add', stranger],
  ['--config', '/etc/passwd'],
])('its program takes no other words: %j', async (...words: string[]) => {
  expect(await say(...words)).toMatchObject({ exitCode: 2, said: expect.stringContaining('[USAGE]') });
});

test('its program repeats nothing of what was typed, and says all on standard output', async () => {
  const { said, stderr } = await say('ban', '\u001b[31mx');
  expect([said.includes('\u001b'), stderr]).toEqual([false, '']);
});

test('its answers fit into what Asterisk shows, and say where the rest is', async () => {
  for (let index = 0; index < 40; index += 1)
    await daemon.orders.ban({ target: `192.0.2.${index}`, note: '', by: 'test', force: false });
  const { said } = await say('show', 'bans');
  expect(Buffer.byteLength(said)).toBeLessThanOrEqual(1_000);
  expect(said).toMatch(/^40 in force, the newest first:\n192\.0\.2\.39 /);
  expect(said).toMatch(/the "sipwarden" command of the shell shows all of it$/);
});

test('its program says so where nobody answers', async () => {
  const { exitCode, stdout } = await tryCommand(program, [
    '--socket',
    join(directory, 'none'),
    'show',
    'bans',
  ]);
  expect([exitCode, stdout]).toEqual([3, expect.stringContaining('[DAEMON_NOT_REACHABLE]')]);
});
