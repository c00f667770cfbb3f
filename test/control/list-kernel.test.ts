// Long lists in a real kernel: a daemon in a network namespace, an import over its socket, the kernel read past us.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { callDaemon } from '../../src/control/client.ts';
import type { Imported } from '../../src/control/operations.ts';
import { startProcess } from '../../src/lib/run-command.ts';
import type { ListEntry } from '../../src/model/list-entry.ts';
import { missingForNamespaces, type Namespace, openNamespace } from '../enforce/namespace.ts';
import { createRandom } from '../enforce/random.ts';
import { waitFor } from '../wait-for.ts';

const missing = await missingForNamespaces();
const program = join(import.meta.dirname, 'daemon-program.ts');

(missing ? describe.skip : describe)(missing ? `long lists (skipped: ${missing})` : 'long lists', () => {
  let namespace: Namespace;
  let folder: string;
  let daemon: ReturnType<typeof startProcess>;
  const socket = () => join(folder, 'control.sock');

  const start = async () => {
    const command = [
      'netns',
      'exec',
      namespace.name,
      process.execPath,
      program,
      join(folder, 'sipwarden.toml'),
    ];
    daemon = startProcess('ip', command, { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(daemon.stdout!, 'data');
  };
  const kill = async () => {
    process.kill(daemon.pid!, 'SIGKILL');
    await daemon.exited;
  };
  beforeEach(async () => {
    namespace = await openNamespace();
    folder = await mkdtemp(join(tmpdir(), 'sipwarden-long-lists-'));
    await writeFile(
      join(folder, 'sipwarden.toml'),
      `[capture]\nsource = "off"\n[ami]\nenabled = "no"\n[firewall]\nbackend = "ipset"\n[log]\nlevel = "error"\n` +
        `[store]\ndirectory = "${folder}"\n[control]\nsocket = "${folder}/control.sock"\n`,
    );
    await start();
  });
  afterEach(async () => {
    await kill();
    await namespace.remove();
    await rm(folder, { recursive: true });
  });

  const importing = async (text: string, more: object = {}) =>
    (await callDaemon(socket(), 'POST', '/v1/lists/deny/import', { text, ...more })) as Imported;
  const denied = async () =>
    (await namespace.members())
      .filter(({ set }) => set === 'deny')
      .map(({ target }) => target)
      .toSorted();
  const linesOf = (first: number, count: number) =>
    Array.from(
      { length: count },
      (_, index) => `10.${first + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
    );

  test('of 20,000 lines are in the kernel after the import, and after a crash', async () => {
    const lines = linesOf(1, 20_000);
    const text = `address,note\r\n${lines.map((line) => `${line},"note, of ${line}"`).join('\r\n')}\r\n`;
    expect(await importing(text)).toMatchObject({ isDone: true, added: { length: 20_000 } });
    expect(await denied()).toEqual(lines.toSorted());
    await kill();
    await namespace.run('ipset', ['flush', 'sw-deny4']);
    await start();
    expect(await denied()).toEqual(lines.toSorted());
    expect(await importing(text, { replace: true })).toMatchObject({ unchanged: 20_000 });
  }, 120_000);

  test('are the old one or the new one when the daemon dies in the middle of an import', async () => {
    const [old, next] = [linesOf(1, 3_000), linesOf(2, 20_000)];
    await importing(old.join('\n'));
    for (let round = 0; round < 3; round += 1) {
      const importingNext = importing(next.join('\n'), { replace: true }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, createRandom(round).below(1_500)));
      await kill();
      await importingNext;
      await start();
      const listed = (await callDaemon(socket(), 'GET', '/v1/lists/deny')) as ListEntry[];
      expect([3_000, 20_000]).toContain(listed.length);
      expect(await denied()).toEqual(listed.map(({ target }) => target).toSorted());
      await importing(old.join('\n'), { replace: true });
    }
  }, 120_000);

  test('take a change while they are long, and let an entry end', async () => {
    await importing(linesOf(1, 20_000).join('\n'));
    await callDaemon(socket(), 'POST', '/v1/lists/deny/add', {
      target: '192.0.2.10-192.0.2.13',
      forMs: 1_500,
    });
    expect(await denied()).toEqual(expect.arrayContaining(['192.0.2.10/31', '192.0.2.12/31']));
    await waitFor('it has ended', async () => (await denied()).length === 20_000);
  }, 120_000);
});
