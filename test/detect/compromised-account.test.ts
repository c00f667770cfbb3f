import { describe, expect, test } from '@jest/globals';
import { compromisedAccount } from '../../src/detect/compromised-account.ts';
import type { Observation } from '../../src/model/observation.ts';
import { geographyOf } from '../geographies.ts';
import { failure, proven, success } from '../observations.ts';
import { detectorContext } from './context.ts';

const start = 1_700_000_000_000;
const hour = 3_600_000;

function feed(observations: readonly Observation[]) {
  const { observe } = compromisedAccount.create(compromisedAccount.options.parse({}), detectorContext());
  return observations.map(observe).filter((detection) => detection !== undefined);
}
const proof = proven(start);
const failures = (count: number, some: Parameters<typeof failure>[0] = {}, everyMs = 1_000) =>
  Array.from({ length: count }, (_, index) => failure({ time: start + index * everyMs, proof, ...some }));
const gotIn = (some: Parameters<typeof success>[0] = {}) => success({ time: start + 10_000, proof, ...some });

describe('compromised-account', () => {
  test('tells of a stranger who failed four times and then got in, and blocks nobody for it', () => {
    expect(feed([...failures(4), gotIn()])).toMatchObject([
      { attack: 'compromised-account', source: '203.0.113.66', isIntrusion: true, isUrgent: true },
    ]);
  });

  test('forgives three failures: fingers slip', () => {
    expect(feed([...failures(3), gotIn()])).toHaveLength(0);
  });

  test('tells it once', () => {
    expect(feed([...failures(4), gotIn(), gotIn()])).toHaveLength(1);
  });

  test('believes neither forged failures nor a success that proves nothing', () => {
    const forged = { proof: { level: 'asserted' } } as const;
    expect(feed([...failures(40, forged), gotIn()])).toHaveLength(0);
    expect(feed([...failures(40), gotIn(forged)])).toHaveLength(0);
  });

  test('is not about whoever got in before', () => {
    expect(feed([gotIn({ time: start - hour }), ...failures(9), gotIn()])).toHaveLength(0);
  });

  test('is not about another account, or another source', () => {
    expect(feed([...failures(9), gotIn({ account: '101' })])).toHaveLength(0);
    expect(feed([...failures(9), gotIn({ source: { address: '203.0.113.7', port: 1 } })])).toHaveLength(0);
  });

  test('forgets failures of the day before', () => {
    expect(feed([...failures(4), gotIn({ time: start + 25 * hour })])).toHaveLength(0);
  });
});

describe('an account that is used from a new country', () => {
  const day = 24 * hour;
  const home = '192.0.2.10';
  const elsewhere = '192.0.2.20';
  const abroad = '203.0.113.66';
  const unknown = '203.0.113.7';
  const own = (country: string, number: number) => ({ country, autonomousSystem: { number, name: '' } });
  const geography = geographyOf({
    [home]: own('DE', 64_496),
    [elsewhere]: own('DE', 64_497),
    [abroad]: own('RU', 64_498),
    '203.0.113.67': own('RU', 64_498),
    '203.0.113.68': own('BR', 64_499),
  });

  function watch(changes: Record<string, unknown> = {}) {
    const options = compromisedAccount.options.parse(changes);
    const { observe } = compromisedAccount.create(options, detectorContext(geography));
    const use = (address: string, time: number, some: Parameters<typeof success>[0] = {}) =>
      observe(success({ time, source: { address, port: 5_060 }, proof: proven(time), ...some }));
    /** Registers every six hours. */
    const live = (address: string, from: number, to: number, some: Parameters<typeof success>[0] = {}) => {
      const found = [];
      for (let time = from; time < to; time += 6 * hour) found.push(use(address, time, some) ?? []);
      return found.flat();
    };
    return { use, live };
  }
  const later = start + 4 * day;

  test('is told at once, with where it was used before, and nobody is blocked for it', () => {
    const { use, live } = watch();
    expect(live(home, start, later)).toEqual([]);
    expect(use(abroad, later)).toMatchObject({
      attack: 'compromised-account',
      source: abroad,
      proof: 'proven',
      isOnlyTold: true,
      isUrgent: true,
      evidence: { accounts: ['100'], values: ['RU, before: DE'] },
    });
  });

  test('is told once for each country', () => {
    const { use, live } = watch();
    live(home, start, later);
    use(abroad, later);
    expect(use(abroad, later + 1)).toBeUndefined();
    expect(use('203.0.113.67', later + 2)).toBeUndefined();
    expect(use('203.0.113.68', later + 3)).toMatchObject({ evidence: { values: ['BR, before: DE RU'] } });
  });

  test('is not told of another address in the same country', () => {
    const { use, live } = watch();
    live(home, start, later);
    expect(use(elsewhere, later)).toBeUndefined();
  });

  test('is not told where nobody knows the country, neither then nor after', () => {
    const { use, live } = watch();
    live(home, start, later);
    expect(use(unknown, later)).toBeUndefined();
    expect(use(home, later + 1)).toBeUndefined();
  });

  test('is learned in silence as long as the account is new', () => {
    const { use, live } = watch();
    live(home, start, start + 3 * day - hour);
    expect(use(abroad, start + 3 * day - 1)).toBeUndefined();
    expect(use('203.0.113.67', later)).toBeUndefined();
  });

  test('is learned in silence where the account was used a few times only', () => {
    const { use } = watch();
    for (let index = 0; index < 9; index += 1) use(home, start + index * day);
    expect(use(abroad, start + 9 * day)).toBeUndefined();
  });

  test('counts what two sensors saw of one success once', () => {
    const { use } = watch();
    for (let index = 0; index < 5; index += 1) {
      use(home, start + index * day);
      use(home, start + index * day, { sensor: 'ami' });
    }
    expect(use(abroad, start + 9 * day)).toBeUndefined();
  });

  test('is learned in silence where the account was at home in no country', () => {
    const { use, live } = watch();
    live(unknown, start, later);
    expect(use(abroad, later)).toBeUndefined();
  });

  test('is believed only of a success that proves its source', () => {
    const { use, live } = watch();
    live(home, start, later);
    expect(use(abroad, later, { proof: { level: 'asserted' } })).toBeUndefined();
    expect(use(abroad, later + 1)).toBeDefined();
  });

  test('is not told of accounts that travel, or where it is switched off', () => {
    for (const options of [{ travelling_accounts: ['100'] }, { new_country: 'off' }]) {
      const { use, live } = watch(options);
      live(home, start, later);
      expect(use(abroad, later)).toBeUndefined();
    }
  });

  test('is about this account and not about others', () => {
    const { use, live } = watch();
    live(home, start, later);
    live(abroad, start, later, { account: '101' });
    expect(use(abroad, later, { account: '101' })).toBeUndefined();
    expect(use(abroad, later)).toBeDefined();
  });

  test('is no news where a newer database says something else of the same address', () => {
    const moving: Record<string, { country: string }> = { [home]: { country: 'DE' } };
    const context = detectorContext(geographyOf(moving));
    const { observe } = compromisedAccount.create(compromisedAccount.options.parse({}), context);
    const use = (time: number) =>
      observe(success({ time, source: { address: home, port: 5_060 }, proof: proven(time) }));
    for (let time = start; time < later; time += hour) use(time);
    moving[home] = { country: 'AT' };
    expect(use(later)).toBeUndefined();
  });

  test('is told of a new network too, where that is asked for', () => {
    const { use, live } = watch({ new_network: 'on' });
    live(home, start, later);
    expect(use(elsewhere, later)).toMatchObject({ evidence: { values: ['AS64497, before: AS64496'] } });
    expect(use(abroad, later + 1)).toMatchObject({ evidence: { values: ['RU, before: DE'] } });
  });
});
