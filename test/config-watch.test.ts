import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type LoadedConfig, loadConfig } from '../src/config.ts';
import { type ConfigWatch, watchConfig } from '../src/config-watch.ts';
import { waitFor } from './wait-for.ts';

let directory: string;
let path: string;
let watcher: ConfigWatch;
let applied: LoadedConfig[];
let refused: unknown[];
let rejectChange: Error | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sipwarden-watch-'));
  path = join(directory, 'sipwarden.toml');
  writeFileSync(path, '');
  applied = [];
  refused = [];
  rejectChange = undefined;
  const load = () => loadConfig({ path });
  watcher = watchConfig({
    initial: load(),
    load,
    onChange: (loaded) => {
      if (rejectChange) throw rejectChange;
      applied.push(loaded);
    },
    onRefused: (error) => void refused.push(error),
  });
});
afterEach(() => {
  watcher.close();
  rmSync(directory, { recursive: true });
});

const mode = () => applied.at(-1)?.config.mode;
const banTime = () => applied.at(-1)?.config.decide.ban_time;

const until = (isSo: () => boolean) => waitFor('the change was noticed', isSo);

test('applies a file that was written in place', async () => {
  writeFileSync(path, 'mode = "observe"');
  await until(() => mode() === 'observe');
});

test('applies a file that an editor put in the place of the old one, twice', async () => {
  for (const hours of [2, 3]) {
    writeFileSync(`${path}.new`, `[decide]\nban_time = "${hours}h"`);
    renameSync(`${path}.new`, path);
    await until(() => banTime() === hours * 3_600_000);
  }
});

test('applies a piece in a conf.d that did not exist before, and its change', async () => {
  mkdirSync(join(directory, 'conf.d'));
  writeFileSync(join(directory, 'conf.d/10.toml'), '[decide]\nban_time = "2h"');
  await until(() => banTime() === 7_200_000);
  writeFileSync(join(directory, 'conf.d/10.toml'), '[decide]\nban_time = "3h"');
  await until(() => banTime() === 10_800_000);
});

test('applies a signature file in a signatures.d that did not exist before, and keeps it where a wrong one follows', async () => {
  const write = (pattern: string) =>
    writeFileSync(
      join(directory, 'signatures.d/own.toml'),
      `[own]\nfield = "to"\npattern = "${pattern}"\nconfidence = "drop"`,
    );
  const isInForce = () => applied.at(-1)?.config.signatures.some(({ name }) => name === 'own') ?? false;
  mkdirSync(join(directory, 'signatures.d'));
  write('x*');
  await until(isInForce);
  write('x*y');
  await until(() => refused.some((error) => String(error).includes('own.pattern = "x*y"')));
  expect(isInForce()).toBe(true);
});

test('a wrong file keeps the old settings and says so, and the repaired one applies', async () => {
  writeFileSync(path, 'mode = "observ"');
  await until(() => refused.length > 0);
  expect(String(refused[0])).toContain('mode = "observ": expected "enforce" or "observe"');
  expect(applied).toEqual([]);
  writeFileSync(path, 'mode = "observe"');
  await until(() => mode() === 'observe');
});

test('an explicit reload resolves to what is in force', async () => {
  writeFileSync(path, 'mode = "observe"');
  await expect(watcher.reload()).resolves.toMatchObject({ config: { mode: 'observe' } });
  expect(mode()).toBe('observe');
});

test('an explicit reload of a wrong file rejects with the reason', async () => {
  writeFileSync(path, 'mode = 5');
  await expect(watcher.reload()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(applied).toEqual([]);
});

test('settings that could not be put in force are refused, and tried again when asked', async () => {
  rejectChange = new Error('the firewall said no');
  writeFileSync(path, 'mode = "observe"');
  await expect(watcher.reload()).rejects.toThrow('the firewall said no');
  rejectChange = undefined;
  await watcher.reload();
  expect(mode()).toBe('observe');
});

test('a reload that changes nothing disturbs nobody', async () => {
  writeFileSync(path, '# only a comment');
  await watcher.reload();
  expect(applied).toEqual([]);
});
