// A recording with an attacker from the Internet, and the databases that say where he is.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { viewReplay } from '../src/cli/views.ts';
import { configSchema } from '../src/config-schema.ts';
import { replay } from '../src/replay.ts';
import { writeMmdb } from './geoip/mmdb.ts';

const scenario = join(import.meta.dirname, '../fixtures/scenarios/management-bruteforce/input.ami');
let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sipwarden-replay-'));
  file = join(directory, 'input.ami');
  writeFileSync(file, readFileSync(scenario, 'latin1').replaceAll('198.51.100.66', '77.88.8.8'), 'latin1');
});
afterEach(() => rmSync(directory, { recursive: true }));

const replayWith = (geoip: Record<string, unknown> = {}) =>
  replay({ files: [file], config: { ...configSchema.parse({ geoip }), signatures: [] }, locals: [] });

test('a replay says which country an attacker is of, and whose database says so', async () => {
  const replayed = await replayWith();
  expect(replayed.attacks).toMatchObject([{ source: '77.88.8.8', country: 'RU' }]);
  expect(viewReplay(replayed)).toMatch(/77\.88\.8\.8 +RU +management-bruteforce/);
  expect(viewReplay(replayed)).toContain('IP Geolocation by DB-IP, https://db-ip.com');
});

test('a replay says the same of the same files, however old they are', async () => {
  const country_database = join(directory, 'country.mmdb');
  const network_database = join(directory, 'asn.mmdb');
  const records = { '77.88.8.0/24': { country: { iso_code: 'FI' } } };
  writeFileSync(country_database, writeMmdb({ type: 'GeoLite2-Country', buildTime: 0, records }));
  const networks = { '77.88.8.0/24': { asn: 'AS13238', as_name: 'YANDEX' } };
  writeFileSync(network_database, writeMmdb({ type: 'ipinfo lite', buildTime: 0, records: networks }));
  const replayed = await replayWith({ country_database, network_database });
  expect(replayed.attacks).toMatchObject([
    { country: 'FI', autonomousSystem: { number: 13_238, name: 'YANDEX' } },
  ]);
  expect(viewReplay(replayed)).toContain('FI AS13238 YANDEX');
});

test('a replay goes on where no database is there', async () => {
  const replayed = await replayWith({ country_database: join(directory, 'none.mmdb') });
  expect(replayed.attacks).toHaveLength(1);
  expect(replayed.attacks[0]).not.toHaveProperty('country');
  expect(viewReplay(replayed)).toContain('countries of addresses: not known');
});
