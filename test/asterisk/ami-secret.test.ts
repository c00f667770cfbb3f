import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formatAmiSecrets, readAmiSecrets } from '../../src/asterisk/ami-secret.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sipwarden-secret-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const secrets = { events: 'events-secret', actions: 'actions-secret' };
function write(text: string, mode = 0o640): string {
  const path = join(directory, 'ami.secret');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test('what was written is read back', async () => {
  expect(await readAmiSecrets(write(formatAmiSecrets(secrets)))).toEqual(secrets);
});

test('a file that is not there is no error', async () => {
  expect(await readAmiSecrets(join(directory, 'none'))).toBeUndefined();
});

test.each([0o640, 0o600, 0o400, 0o440])('mode %o is accepted', async (mode) => {
  expect(await readAmiSecrets(write(formatAmiSecrets(secrets), mode))).toEqual(secrets);
});

test.each([0o644, 0o660, 0o642, 0o777])('mode %o is refused with its cure', async (mode) => {
  const path = write(formatAmiSecrets(secrets), mode);
  await expect(readAmiSecrets(path)).rejects.toMatchObject({
    code: 'AMI_SECRET_PERMISSIONS',
    hint: `chmod 0640 ${path}`,
  });
});

test.each([
  ['no TOML', 'events = hunter2hunter2'],
  ['one secret only', 'events = "hunter2hunter2"'],
  ['a line break in a secret', 'events = "hunter2hunter2\\r\\nAction: x"\nactions = "hunter2hunter2"'],
  ['an option too many', `${formatAmiSecrets(secrets)}third = "hunter2hunter2"`],
  ['an empty secret', 'events = ""\nactions = "hunter2hunter2"'],
  ['a huge file', `#${'x'.repeat(5_000)}\n${formatAmiSecrets(secrets)}`],
])('%s is refused, and the message tells no secret', async (_what, text) => {
  const error = await readAmiSecrets(write(text)).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'AMI_SECRET_INVALID' });
  expect(String(error)).not.toContain('hunter2');
});

test('a directory in its place is refused', async () => {
  await expect(readAmiSecrets(directory)).rejects.toThrow();
});
