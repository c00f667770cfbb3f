// What the long-lived nft child says, and what is understood of it; how a child is minded is in ipset-session.test.ts.
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CommandSession } from '../../src/enforce/command-session.ts';
import { createNftSession } from '../../src/enforce/nft-session.ts';
import { missingForNamespaces, type Namespace, openNamespace } from './namespace.ts';

const missing = await missingForNamespaces(['nft']);

(missing ? describe.skip : describe)(missing ? `nft (skipped: ${missing})` : 'nft', () => {
  let namespace: Namespace;
  let session: CommandSession;
  beforeEach(async () => {
    namespace = await openNamespace();
    const set = 'set ban4_32 { type ipv4_addr; flags timeout; size 2; }';
    await namespace.run('nft', ['-f', '-'], `table inet sipwarden {\n${set}\n}\n`);
    session = createNftSession({ commandPrefix: namespace.prefix, answerWithinMs: 5_000 });
  });
  afterEach(async () => {
    await session.close();
    await namespace.remove();
  });

  const add = (...elements: readonly string[]) =>
    `add element inet sipwarden ban4_32 { ${elements.join(', ')} }`;
  const codesOf = async (commands: readonly string[]) =>
    (await Promise.allSettled(commands.map((command) => session.run(command)))).map((outcome) =>
      outcome.status === 'fulfilled' ? 'done' : outcome.reason.code,
    );
  const targets = async () => (await namespace.nftMembers()).map(({ target }) => target).toSorted();

  test('blames each failure on its own command, among many sent at once', async () => {
    const commands = [
      add('192.0.2.1'),
      'add element inet sipwarden none4_32 { 192.0.2.1 }',
      'no command at all',
      add('192.0.2.2'),
      add('192.0.2.3'),
      'delete element inet sipwarden ban4_32 { 192.0.2.1 }',
    ];
    expect(await codesOf(commands)).toEqual([
      'done',
      'FIREWALL_NOT_PREPARED',
      'FIREWALL_COMMAND_FAILED',
      'done',
      'FIREWALL_SET_FULL',
      'done',
    ]);
    expect(await targets()).toEqual(['192.0.2.2']);
  });

  test('carries out all of a line or nothing of it', async () => {
    const line = [add('192.0.2.1'), 'delete element inet sipwarden ban4_32 { 192.0.2.9 }'].join('; ');
    await expect(session.run(line)).rejects.toThrow();
    await session.run(add('192.0.2.2'));
    expect(await targets()).toEqual(['192.0.2.2']);
  });

  test('understands the failure of a line that is long', async () => {
    const addresses = Array.from({ length: 10_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    await expect(session.run(add(...addresses))).rejects.toThrow();
    await session.run(add('192.0.2.2'));
    expect(await targets()).toEqual(['192.0.2.2']);
  });

  test('writes its commands to no file', async () => {
    await session.run(add('192.0.2.1'));
    await session.close();
    await expect(access(join(homedir(), '.nft.history'))).rejects.toThrow();
  });
});
