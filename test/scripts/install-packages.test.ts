// What `npm start` and `npm test` do about missing Debian packages, as far as it can be tried without installing one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { tryCommand } from '../../src/lib/run-command.ts';

const script = join(import.meta.dirname, '../../scripts/install-packages');

test('does and says nothing where every program is there', async () => {
  const result = await tryCommand(script, ['bash', 'coreutils:ls']);

  expect(result).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});

test('names what is missing where there is no apt-get', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'sipwarden-'));
  const args = [`PATH=${empty}`, '/bin/bash', script, 'sip-tester:no-such-program'];

  const { exitCode, stderr } = await tryCommand('/usr/bin/env', args);

  rmSync(empty, { recursive: true });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^sipwarden: missing here: sip-tester; .*package manager$/);
});
