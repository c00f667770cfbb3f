import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../src/config.ts';
import { readConfigFiles } from '../src/config-files.ts';
import type { SipwardenError } from '../src/model/error.ts';

const fixtures = new URL('../fixtures/config/', import.meta.url).pathname;
const namesIn = (kind: string) =>
  readdirSync(join(fixtures, kind))
    .filter((name) => name.endsWith('.toml'))
    .map((name) => name.replace('.toml', ''));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sipwarden-config-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function refusal(load: () => unknown): SipwardenError {
  try {
    load();
  } catch (error) {
    return error as SipwardenError;
  }
  throw new Error('nothing was refused');
}

describe('fixtures', () => {
  test.each(namesIn('valid'))('accepts %s', (name) => {
    const expected = JSON.parse(readFileSync(join(fixtures, `valid/${name}.expected.json`), 'utf8'));
    expect(loadConfig({ path: join(fixtures, `valid/${name}.toml`) }).config).toMatchObject(expected);
  });

  test.each(namesIn('invalid'))('refuses %s, naming every problem', (name) => {
    const error = refusal(() => loadConfig({ path: join(fixtures, `invalid/${name}.toml`) }));
    const [, ...problems] = error.message.split('\n').map((line) => line.trim());
    const expected = readFileSync(join(fixtures, `invalid/${name}.expected.txt`), 'utf8')
      .trim()
      .split('\n');
    expect(error.code).toBe('CONFIG_INVALID');
    expect(problems.map((line) => line.replace(join(fixtures, 'invalid/'), ''))).toEqual(expected);
  });
});

describe('files', () => {
  test('a file that was named must be there', () => {
    const path = join(directory, 'gone.toml');
    expect(() => loadConfig({ path })).toThrow(`${path}: there is no such file`);
  });

  test('the default file may be missing', () => {
    const read = readConfigFiles(join(directory, 'sipwarden.toml'), true);
    expect(read).toMatchObject({ files: [], problems: [] });
  });

  test('pieces without a main file count', () => {
    const piece = write('conf.d/10-ports.toml', '[protect]\nudp = [5080]');
    const read = readConfigFiles(join(directory, 'sipwarden.toml'), true);
    expect(read.files).toEqual([piece]);
    expect(read.values).toEqual({ protect: { udp: [5080] } });
  });

  test('SIPWARDEN_CONFIG names a file, and an explicit path wins over it', () => {
    const one = write('one.toml', 'mode = "observe"');
    const other = write('other.toml', '');
    const env = { SIPWARDEN_CONFIG: one };
    expect(loadConfig({ env }).files).toEqual([one]);
    expect(loadConfig({ env, path: other }).files).toEqual([other]);
  });

  test('a later piece wins, tables are merged and lists are replaced', () => {
    const path = write('sipwarden.toml', '[protect]\nudp = [5060]\ntcp = [5060]\n[decide]\nban_time = "2h"');
    write('conf.d/20.toml', '[protect]\nudp = [5090]');
    write('conf.d/10.toml', '[protect]\nudp = [5080]\n[decide]\nban_time_max = "3d"');
    const { config, files } = loadConfig({ path });
    expect(config.protect).toMatchObject({ udp: [[5090, 5090]], tcp: [[5060, 5060]] });
    expect(config.decide).toMatchObject({ ban_time: 7_200_000, ban_time_max: 259_200_000 });
    expect(files.map((file) => file.replace(directory, ''))).toEqual([
      '/sipwarden.toml',
      '/conf.d/10.toml',
      '/conf.d/20.toml',
    ]);
  });

  test('what an editor leaves beside the pieces is not read', () => {
    const path = write('sipwarden.toml', '');
    write('conf.d/.10.toml.swp', 'nonsense');
    write('conf.d/.10.toml', 'nonsense');
    write('conf.d/10.toml~', 'nonsense');
    expect(loadConfig({ path }).files).toEqual([path]);
  });

  test('a wrong value is charged to the piece that said it', () => {
    const path = write('sipwarden.toml', '[decide]\nban_time = "1h"\nforgiven_after = "soon"');
    const piece = write('conf.d/10.toml', '[decide]\nban_time = "x"');
    const { message } = refusal(() => loadConfig({ path }));
    expect(message).toContain(`${piece}: decide.ban_time = "x"`);
    expect(message).toContain(`${path}: decide.forgiven_after = "soon"`);
  });

  test('an unknown table that two files fill is charged to both', () => {
    const path = write('sipwarden.toml', '[decied]\na = 1');
    const piece = write('conf.d/10.toml', '[decied]\nb = 1');
    expect(() => loadConfig({ path })).toThrow(`${path}, ${piece}: decied`);
  });

  test('broken syntax in two files is told of both', () => {
    const path = write('sipwarden.toml', '[');
    const piece = write('conf.d/10.toml', '= 1');
    const { message } = refusal(() => loadConfig({ path }));
    expect(message).toContain(`${path}:1:`);
    expect(message).toContain(`${piece}:1:1:`);
  });
});
