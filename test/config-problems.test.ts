import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { readConfigFiles } from '../src/config-files.ts';
import { readTable } from '../src/config-options.ts';
import { describeProblems } from '../src/config-problems.ts';

const schema = z.strictObject({
  pbx: z
    .strictObject({
      user: z.string().min(1).max(20),
      secret: z.string().min(8),
      url: z.string().min(8).meta({ secret: true }).default('redis://localhost'),
      note: z.string().max(5).default(''),
    })
    .refine(({ user, secret }) => user !== secret, 'user and secret must differ'),
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sipwarden-problems-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function problemsOf(text: string): string[] {
  writeFileSync(join(directory, 'a.toml'), text);
  const files = readConfigFiles(join(directory, 'a.toml'), false);
  const result = schema.safeParse(files.values);
  if (result.success) throw new Error('nothing is wrong');
  const lines = describeProblems(result.error, files, readTable('', schema));
  return lines.map((line) => line.replace(`${directory}/a.toml: `, ''));
}

test('never shows a value whose name or schema says that it is secret', () => {
  expect(problemsOf('[pbx]\nuser = "warden"\nsecret = "hunter2"\nurl = "r:h2"')).toEqual([
    'pbx.secret: expected text (characters: from 8)',
    'pbx.url: expected text (characters: from 8)',
  ]);
});

test('never shows the value of a key that does not exist, which may be a secret with a typing error', () => {
  expect(problemsOf('[pbx]\nuser = "warden"\nsecret = "12345678"\nsecert = "hunter2"')).toEqual([
    'pbx.secert: there is no such option; did you mean pbx.secret?',
  ]);
});

test('never shows a whole table when two options of it contradict each other', () => {
  expect(problemsOf('[pbx]\nuser = "12345678"\nsecret = "12345678"')).toEqual([
    'pbx: user and secret must differ',
  ]);
});

test('says that an option without a default is missing', () => {
  expect(problemsOf('[pbx]\nsecret = "12345678"')).toEqual([
    'pbx.user is missing: expected text (characters: from 1 to 20)',
  ]);
});

test('cuts a long value and quotes an odd key', () => {
  const [note, key] = problemsOf(
    `[pbx]\nuser = "u"\nsecret = "12345678"\nnote = "${'n'.repeat(500)}"\n"odd key\\u001b[31m" = 1`,
  );
  expect(note?.length).toBeLessThan(150);
  expect(key).toBe('pbx."odd key\\u001b[31m": there is no such option');
});
