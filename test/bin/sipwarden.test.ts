// The wrapper that starts the command line: from anywhere, and never on a Node that is too old.
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { tryCommand } from '../../src/lib/run-command.ts';

const wrapper = join(import.meta.dirname, '../../bin/sipwarden');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sipwarden-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A checkout before `npm ci`, and a machine whose only Node is the one that answers so to every question. */
function checkoutWithNode(exitCode: number): readonly string[] {
  const [checkout, programs] = [join(folder, 'checkout'), join(folder, 'programs')];
  mkdirSync(join(checkout, 'bin'), { recursive: true });
  mkdirSync(programs);
  copyFileSync(wrapper, join(checkout, 'bin/sipwarden'));
  const script = `#!/bin/sh\n[ "$1" != -e ] || exit ${exitCode}\necho "$@"\n`;
  writeFileSync(join(programs, 'node'), script);
  chmodSync(join(programs, 'node'), 0o755);
  return ['env', `PATH=${programs}:/usr/bin:/bin`, join(checkout, 'bin/sipwarden')];
}

test('works through a symbolic link from another folder', async () => {
  const link = join(folder, 'sipwarden');
  symlinkSync(wrapper, link);

  const { exitCode, stdout } = await tryCommand('sh', ['-c', `cd / && exec ${link} --version`]);

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+$/);
});

test("takes the machine's Node where npm brought none and it is new enough", async () => {
  const [file = '', ...args] = checkoutWithNode(0);

  const { exitCode, stdout } = await tryCommand(file, [...args, 'status', '--json']);

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/src\/cli\.ts status --json$/);
});

test('says in one line what to do where every Node is too old', async () => {
  const [file = '', ...args] = checkoutWithNode(1);

  const { exitCode, stderr } = await tryCommand(file, args);

  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^sipwarden: needs Node 24\.7 or newer.*npm ci.*$/);
});
