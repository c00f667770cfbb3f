// Every recording of fixtures/scenarios is replayed with the default configuration, or with the sipwarden.toml beside it:
// whom it would block, and whom not. Each detector is shown by one that fires it and two that do not.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Config, loadConfig } from '../src/config.ts';
import { type DetectorName, definitions } from '../src/registry.ts';
import { replay } from '../src/replay.ts';
import type { SeenCounts } from '../src/replay-flow.ts';

const folder = join(import.meta.dirname, '../fixtures/scenarios');
const names = readdirSync(folder);

/**
 * `fires`: it finds an attack. `under`: one message more would be one; where one message is an attack, it is one that
 * lacks what makes it so. `look-alike`: what honest people send and what looks most like it. `names`: it finds
 * something that may be honest, so it is told and nobody is blocked.
 */
type Kind = 'fires' | 'under' | 'look-alike' | 'names';

interface Expected {
  /** What it is a scenario of. */
  readonly shows: Partial<Record<DetectorName, Kind>>;
  /** SIP, TFTP and AMI messages, and what the sensors made of them: nobody is spared because nothing was read. */
  readonly messages: number;
  readonly seen: SeenCounts;
  /** What was found, in the order in which it first was. */
  readonly attacks: readonly string[];
  /** What was decided of whom, in the order in which it was: source, action, attack, proof. */
  readonly decisions: readonly (readonly [string, string, string, string])[];
}

const pathOf = (name: string, file: string) => join(folder, name, file);
const read = (name: string, file: string) => readFileSync(pathOf(name, file), 'utf8');
const expectedOf = (name: string) => JSON.parse(read(name, 'expected.json')) as Expected;
const configOf = (name: string) => {
  const own = pathOf(name, 'sipwarden.toml');
  const path = existsSync(own) ? own : join(import.meta.dirname, '../docs/sipwarden.toml');
  return loadConfig({ path }).config;
};

const replayOf = (name: string, config: Config) => {
  const inputs = readdirSync(join(folder, name)).filter((file) => file.startsWith('input.'));
  return replay({ files: inputs.map((file) => pathOf(name, file)), config, locals: [] });
};
const blocks = ([, action]: Expected['decisions'][number]) => action !== 'notice' && action !== 'stale-phone';

describe('a recording is decided as its folder says', () => {
  test.each(names)('%s', async (name) => {
    const { shows, messages, seen, attacks, decisions } = expectedOf(name);
    const replayed = await replayOf(name, configOf(name));
    const found = [...new Set(replayed.attacks.map(({ attack }) => attack))];
    expect(messages).toBeGreaterThan(0);
    expect(replayed.messages).toBe(messages);
    expect(replayed.seen).toEqual(seen);
    expect(found).toEqual(attacks);
    expect(
      replayed.decisions.map(({ source, action, attack, proof }) => [source, action, attack, proof]),
    ).toEqual(decisions);
    for (const [detector, kind] of Object.entries(shows)) {
      const isFound = kind === 'fires' || kind === 'names';
      expect([detector, found.includes(detector)]).toEqual([detector, isFound]);
      if (kind !== 'fires') expect(decisions.filter(blocks)).toEqual([]);
    }
    expect(read(name, 'README.md')).not.toBe('');
  });
});

/** Other programs report over a connection of its own, which no recording holds; test/lab/asterisk-console.test.ts shows it. */
const unrecorded: readonly DetectorName[] = ['reported-abuse'];
const recorded = definitions.map(([name]) => name).filter((name) => !unrecorded.includes(name));

describe.each(recorded)('%s', (detector) => {
  test.each(['fires', 'under', 'look-alike'] as const)('is shown by a recording of the kind %s', (kind) => {
    const shown = names.filter((name) => expectedOf(name).shows[detector] === kind);
    expect(shown).not.toEqual([]);
  });
});

/** The settings with one of the detector's limits lower by one, for each limit. */
function stricter(config: Config, detector: DetectorName): readonly Config[] {
  const options = config.detect[detector] as Record<string, unknown>;
  const limits = Object.entries(options).filter(([name]) => name.endsWith('_count'));
  return limits.map(([name, limit]) => ({
    ...config,
    detect: { ...config.detect, [detector]: { ...options, [name]: Number(limit) - 1 } },
  }));
}

const atLimit = names.flatMap((name) =>
  Object.entries(expectedOf(name).shows)
    .filter(
      ([detector, kind]) => kind === 'under' && stricter(configOf(name), detector as DetectorName).length > 0,
    )
    .map(([detector]) => [name, detector as DetectorName] as const),
);

test.each(atLimit)('%s is as much as %s forgives, and not one message less', async (name, detector) => {
  const replays = await Promise.all(
    stricter(configOf(name), detector).map((config) => replayOf(name, config)),
  );
  expect(replays.flatMap(({ attacks }) => attacks.map(({ attack }) => attack))).toContain(detector);
});
