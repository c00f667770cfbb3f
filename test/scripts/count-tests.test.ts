// The gate's last line: CI reads it, so no failure may be lost on the way to it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { tryCommand } from '../../src/lib/run-command.ts';

const script = join(import.meta.dirname, '../../scripts/count-tests.ts');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sipwarden-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const nothing = { success: true, numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };

async function count(checks: readonly [number, number], ...reports: readonly Partial<typeof nothing>[]) {
  const files = reports.map((report, index) => {
    const file = join(folder, `${index}.json`);
    writeFileSync(file, JSON.stringify({ ...nothing, ...report }));
    return file;
  });
  return run(checks, files);
}

async function run(checks: readonly [number, number], files: readonly string[]) {
  const args = [script, ...checks.map(String), ...files];
  const { exitCode, stdout } = await tryCommand(process.execPath, args);
  return { exitCode, line: stdout };
}

test('adds checks and both reports', async () => {
  const units = { numPassedTests: 5, numPendingTests: 1 };
  const lab = { numPassedTests: 2, numTodoTests: 1 };

  expect(await count([3, 0], units, lab)).toEqual({ exitCode: 0, line: '10 passed, 0 failed, 2 skipped' });
});

test.each([
  [
    'a test',
    [3, 0],
    { success: false, numPassedTests: 1, numFailedTests: 2 },
    '4 passed, 2 failed, 0 skipped',
  ],
  [
    'a file that cannot be loaded',
    [3, 0],
    { success: false, numPassedTests: 1 },
    '4 passed, 1 failed, 0 skipped',
  ],
  ['a check', [2, 1], { numPassedTests: 1 }, '3 passed, 1 failed, 0 skipped'],
] as const)('fails where %s failed', async (_what, checks, report, line) => {
  expect(await count(checks, report)).toEqual({ exitCode: 1, line });
});

test('fails where Jest left no report', async () => {
  const result = await run([3, 0], [join(folder, 'none.json')]);

  expect(result).toEqual({ exitCode: 1, line: '3 passed, 1 failed, 0 skipped' });
});

test('fails where no test ran, whatever the checks said', async () => {
  expect(await count([3, 0], {}, {})).toEqual({ exitCode: 1, line: '3 passed, 0 failed, 0 skipped' });
});
