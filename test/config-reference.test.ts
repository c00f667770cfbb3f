import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadConfig } from '../src/config.ts';
import { type ConfigTable, readTable } from '../src/config-options.ts';
import { writeConfigReference } from '../src/config-reference.ts';
import { configSchema } from '../src/config-schema.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sipwarden-reference-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function load(text: string) {
  const path = join(directory, 'sipwarden.toml');
  writeFileSync(path, text);
  return loadConfig({ path }).config;
}

/** As an administrator would: the "#" before a name or a list's line goes, comments stay. */
const uncommented = () => writeConfigReference().replaceAll(/^#(?=[^\s#]| {2})/gm, '');

function withoutDescription(table: ConfigTable, path: string): string[] {
  const here = table.options
    .filter(({ description }) => !description.endsWith('.'))
    .map(({ name }) => path + name);
  return [...here, ...table.tables.flatMap((inner) => withoutDescription(inner, `${path}${inner.name}.`))];
}

test('docs/sipwarden.toml is what "npm run config-reference" writes today', () => {
  const committed = readFileSync(new URL('../docs/sipwarden.toml', import.meta.url), 'utf8');
  expect(committed).toBe(writeConfigReference());
});

test('loads to the defaults as it is', () => {
  expect(load(writeConfigReference())).toEqual(load(''));
});

test('loads to the defaults with every option taken out of its comment', () => {
  const names = uncommented().match(/^[a-z0-9_]+ = /gm) ?? [];
  expect(names.length).toBeGreaterThan(10);
  expect(load(uncommented())).toEqual(load(''));
});

test('every option says in a sentence what it does', () => {
  expect(withoutDescription(readTable('', configSchema), '')).toEqual([]);
});
