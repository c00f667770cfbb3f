// The databases of [geoip] in real files, while they are replaced.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Geoip, startGeoip } from '../../src/geoip/geoip.ts';
import { geoipOptions } from '../../src/geoip/geoip-options.ts';
import { createAlarms } from '../store/samples.ts';
import { waitFor } from '../wait-for.ts';
import { included } from './included.ts';
import { writeMmdb } from './mmdb.ts';

const day = 86_400_000;
const built = 1_700_000_000_000;
const asked = '8.8.8.8';

let directory: string;
let alarms: ReturnType<typeof createAlarms>;
let geoip: Geoip | undefined;
let time: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sipwarden-geoip-'));
  alarms = createAlarms();
  time = built + 10 * day;
});
afterEach(() => {
  geoip?.stop();
  geoip = undefined;
  rmSync(directory, { recursive: true });
});

const at = (name: string) => join(directory, name);
const database = (country: string) =>
  writeMmdb({
    type: 'GeoLite2-Country',
    buildTime: built,
    records: { '8.0.0.0/8': { country_code: country } },
  });
async function start(options: Record<string, unknown> = {}): Promise<Geoip> {
  geoip = await startGeoip({ options: geoipOptions.parse(options), alarms, now: () => time });
  return geoip;
}
const codes = () => [...alarms.active.keys()];
const country = () => geoip?.originOf(asked).country;
const becomes = (wanted: string) => waitFor(`the country is ${wanted}`, () => country() === wanted);
const isAlarmed = (code: string) => waitFor(`the alarm ${code}`, () => alarms.active.has(code));

test('knows countries with nothing configured, from the database that comes with the installation', async () => {
  time = Date.UTC(2026, 6);
  const { originOf, databases } = await start();
  expect(originOf('77.88.8.8')).toEqual({ country: 'RU' });
  expect(originOf('192.168.1.1')).toEqual({});
  expect(databases()).toMatchObject([
    { about: 'countries', attribution: expect.stringContaining('https://db-ip.com') },
  ]);
  expect(codes()).toEqual([]);
});

test('knows whose network it is, where there is a database of networks', async () => {
  const records = {
    '8.8.8.0/24': { autonomous_system_number: 15_169, autonomous_system_organization: 'GOOGLE' },
  };
  writeFileSync(at('asn.mmdb'), writeMmdb({ type: 'GeoLite2-ASN', records }));
  writeFileSync(at('country.mmdb'), database('US'));
  const { originOf } = await start({
    country_database: at('country.mmdb'),
    network_database: at('asn.mmdb'),
  });
  expect(originOf(asked)).toEqual({ country: 'US', autonomousSystem: { number: 15_169, name: 'GOOGLE' } });
  expect(originOf('8.0.0.1')).toEqual({ country: 'US' });
});

describe('without a database nothing is known, and an alarm says why:', () => {
  test('it is missing', async () => {
    await start({ country_database: at('none/country.mmdb') });
    expect(country()).toBeUndefined();
    expect(codes()).toEqual(['GEOIP_MISSING']);
    expect(alarms.active.get('GEOIP_MISSING')).toContain(at('none/country.mmdb'));
  });

  test('it is cut off', async () => {
    writeFileSync(at('country.mmdb'), readFileSync(included.all).subarray(0, 100_000));
    await start({ country_database: at('country.mmdb') });
    expect(country()).toBeUndefined();
    expect(codes()).toEqual(['GEOIP_UNUSABLE']);
  });

  test('it is one of something else', async () => {
    copyFileSync(included.all, at('asn.mmdb'));
    await start({ network_database: at('asn.mmdb'), max_age: '3650d' });
    expect(alarms.active.get('GEOIP_UNUSABLE')).toContain('country ipvAll');
    expect(geoip?.originOf('77.88.8.8')).toEqual({ country: 'RU' });
  });

  test('it is a directory', async () => {
    await start({ country_database: directory });
    expect(codes()).toEqual(['GEOIP_UNUSABLE']);
  });

  test('it is too old, and gone as soon as the limit is higher', async () => {
    writeFileSync(at('country.mmdb'), database('US'));
    await start({ country_database: at('country.mmdb'), max_age: '10d' });
    expect(country()).toBeUndefined();
    expect(codes()).toEqual(['GEOIP_OLD']);
    await geoip?.configure(geoipOptions.parse({ country_database: at('country.mmdb'), max_age: '11d' }));
    expect(country()).toBe('US');
    expect(codes()).toEqual([]);
  });
});

test('a database that becomes too old while it is asked says nothing from then on', async () => {
  writeFileSync(at('country.mmdb'), database('US'));
  time = built + 10 * day - 1;
  await start({ country_database: at('country.mmdb'), max_age: '10d' });
  expect(country()).toBe('US');
  time = built + 10 * day;
  await isAlarmed('GEOIP_OLD');
  expect(country()).toBeUndefined();
});

test.each([
  ['GeoLite2-Country', 'MaxMind'],
  ['DBIP-Country-Lite', 'DB-IP'],
  ['ipinfo country_asn.mmdb', 'IPinfo'],
  ['own', ''],
])('names the maker of a database of the type %s where its licence asks for it', async (type, maker) => {
  writeFileSync(
    at('country.mmdb'),
    writeMmdb({ type, buildTime: built, records: { '8.0.0.0/8': { country: 'US' } } }),
  );
  const [database] = (await start({ country_database: at('country.mmdb') })).databases();
  expect(database?.attribution).toEqual(maker === '' ? '' : expect.stringContaining(maker));
});

test('each database has its own troubles', async () => {
  await start({ country_database: at('country.mmdb'), network_database: at('asn.mmdb') });
  expect(alarms.active.get('GEOIP_MISSING')).toContain('country.mmdb');
  expect(alarms.active.get('GEOIP_MISSING')).toContain('asn.mmdb');
});

describe('a file is read at once', () => {
  beforeEach(async () => {
    writeFileSync(at('country.mmdb'), database('US'));
    await start({ country_database: at('country.mmdb') });
    expect(country()).toBe('US');
  });

  test('when another one is moved into its place, twice', async () => {
    for (const next of ['DE', 'FR']) {
      writeFileSync(at('new'), database(next));
      renameSync(at('new'), at('country.mmdb'));
      await becomes(next);
    }
  });

  test('when it is written in place', async () => {
    writeFileSync(at('country.mmdb'), database('DE'));
    await becomes('DE');
  });

  test('when it comes back', async () => {
    rmSync(at('country.mmdb'));
    await isAlarmed('GEOIP_MISSING');
    expect(country()).toBe('US');
    writeFileSync(at('country.mmdb'), database('DE'));
    await becomes('DE');
    expect(codes()).toEqual([]);
  });

  test('when it is whole: of a half-written one the last good one stays in use', async () => {
    const whole = database('DE');
    writeFileSync(at('country.mmdb'), whole.subarray(0, 200));
    await isAlarmed('GEOIP_UNUSABLE');
    expect(country()).toBe('US');
    expect(alarms.active.get('GEOIP_UNUSABLE')).toContain('stays in use');
    writeFileSync(at('country.mmdb'), whole);
    await becomes('DE');
    expect(codes()).toEqual([]);
  });
});

test('finds a file whose directory is made later', async () => {
  await start({ country_database: at('a/b/country.mmdb') });
  mkdirSync(at('a'));
  mkdirSync(at('a/b'));
  writeFileSync(at('a/b/country.mmdb'), database('US'));
  await becomes('US');
});

test('notices a change behind a link', async () => {
  mkdirSync(at('data'));
  writeFileSync(at('data/country.mmdb'), database('US'));
  symlinkSync(at('data/country.mmdb'), at('country.mmdb'));
  await start({ country_database: at('country.mmdb') });
  writeFileSync(at('data/new'), database('DE'));
  renameSync(at('data/new'), at('data/country.mmdb'));
  await becomes('DE');
});

test('another file that is configured is asked from then on, and the old one no longer', async () => {
  writeFileSync(at('one.mmdb'), database('US'));
  writeFileSync(at('two.mmdb'), database('DE'));
  const { configure } = await start({ country_database: at('one.mmdb') });
  await configure(geoipOptions.parse({ country_database: at('two.mmdb') }));
  expect(country()).toBe('DE');
  await configure(geoipOptions.parse({ country_database: at('none.mmdb') }));
  expect(country()).toBeUndefined();
});
