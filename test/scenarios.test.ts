// Every recording of fixtures/scenarios is replayed with the default configuration: whom it would block, and whom not.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../src/config.ts';
import { replay } from '../src/replay.ts';

const folder = join(import.meta.dirname, '../fixtures/scenarios');
const { config } = loadConfig({ path: join(import.meta.dirname, '../docs/sipwarden.toml') });

/** What was decided of whom, in the order in which it was: source, action, attack, proof. */
interface Expected {
  readonly decisions: readonly (readonly [string, string, string, string])[];
}

describe('a recording is decided as its folder says', () => {
  test.each(readdirSync(folder))('%s', async (name) => {
    const read = (file: string) => readFileSync(join(folder, name, file), 'utf8');
    const { decisions } = JSON.parse(read('expected.json')) as Expected;
    const input = readdirSync(join(folder, name)).find((file) => file.startsWith('input.'));
    const replayed = await replay({ file: join(folder, name, input ?? 'input'), config, locals: [] });
    expect(
      replayed.decisions.map(({ source, action, attack, proof }) => [source, action, attack, proof]),
    ).toEqual(decisions);
    expect(read('README.md')).not.toBe('');
  });
});
