import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { readDatabase } from '../../src/geoip/database.ts';
import { autonomousSystemRecord, countryRecord } from '../../src/geoip/record-layouts.ts';
import { included } from './included.ts';
import { writeMmdb } from './mmdb.ts';

const bytes = readFileSync(included.all);
const countries = readDatabase(bytes, countryRecord);

describe('the included database', () => {
  test.each([
    ['77.88.8.8', 'RU'],
    ['114.114.114.114', 'CN'],
    ['193.0.6.139', 'NL'],
    ['2a00:1450:4001:800::200e', 'DE'],
    ['193.0.6.0/24', 'NL'],
    ['2a00:1450:4001::/48', 'DE'],
  ])('knows the country of %s', (source, country) => {
    expect(countries.find(source)).toBe(country);
  });

  test.each(['203.0.113.1', '2001:db8::1', '10.0.0.1', 'fd00::1', '127.0.0.1', '100.64.0.1', '224.0.0.1'])(
    'knows none of %s',
    (address) => {
      expect(countries.find(address)).toBeUndefined();
    },
  );

  test('says what it is and when it was made', () => {
    expect(countries.type).toBe('country ipvAll');
    expect(new Date(countries.buildTime).getUTCFullYear()).toBeGreaterThanOrEqual(2026);
  });
});

test('an IPv6 address is not looked up in a database of IPv4 addresses, which would name a wrong country', () => {
  const ipv4 = readDatabase(readFileSync(included.ipv4), countryRecord);
  expect(ipv4.find('77.88.8.8')).toBe('RU');
  expect(ipv4.find('2a00:1450:4001:800::200e')).toBeUndefined();
  const ipv6 = readDatabase(readFileSync(included.ipv6), countryRecord);
  expect(ipv6.find('77.88.8.8')).toBeUndefined();
  expect(ipv6.find('2a00:1450:4001:800::200e')).toBe('DE');
});

test('an address that an own database puts into a country is of none where it is not of the Internet', () => {
  const records = { '10.0.0.0/8': { country_code: 'DE' }, '8.8.8.0/24': { country_code: 'US' } };
  const own = readDatabase(writeMmdb({ type: 'own', records }), countryRecord);
  expect(own.find('8.8.8.8')).toBe('US');
  expect(own.find('10.0.0.1')).toBeUndefined();
});

describe('refuses', () => {
  const garbled = Buffer.from(bytes);
  for (let index = 60_000; index < garbled.length - 400; index += 5) garbled[index] = (index * 31) & 255;
  const emptied = Buffer.from(bytes).fill(0, 10_000, bytes.length - 400);
  test.each([
    ['an empty file', Buffer.alloc(0), 'no whole database'],
    ['text', Buffer.from('<html>404 Not Found</html>'), 'no whole database'],
    ['the first half of one', bytes.subarray(0, bytes.length / 2), 'no whole database'],
    ['one without its last byte', bytes.subarray(0, -1), 'no whole database'],
    ['one without its first half', bytes.subarray(bytes.length / 2), 'no whole database'],
    ['one that was overwritten', garbled, 'no whole database'],
    ['one full of holes', emptied, 'no whole database'],
    ['a compressed one', gzipSync(bytes.subarray(0, 1_000)), 'is compressed'],
  ])('%s', (_name, damaged, reason) => {
    expect(() => readDatabase(damaged, countryRecord)).toThrow(
      expect.objectContaining({ code: 'GEOIP_UNUSABLE', message: expect.stringContaining(reason) }),
    );
  });

  test('one of countries where networks are asked for, and says what it is', () => {
    expect(() => readDatabase(bytes, autonomousSystemRecord)).toThrow('its type is "country ipvAll"');
  });
});

describe('reads the layout of', () => {
  const find = (record: Parameters<typeof writeMmdb>[0]['records'][string], layout: typeof countryRecord) =>
    readDatabase(writeMmdb({ type: 'test', records: { '8.8.8.0/24': record } }), layout).find('8.8.8.8');
  test.each([
    ['GeoLite2 and DB-IP', { continent: { code: 'NA' }, country: { geoname_id: 6_252_001, iso_code: 'US' } }],
    ['ip-location-db', { country_code: 'US' }],
    ['IPinfo Lite', { country: 'United States', country_code: 'US', asn: 'AS15169' }],
    ['the older IPinfo', { country: 'US', continent: 'NA' }],
  ])('%s for countries', (_maker, record) => {
    expect(find(record, countryRecord)).toBe('US');
  });

  test.each([
    ['no country', { continent: { code: 'NA' } }],
    ['the code of nobody', { country_code: 'ZZ' }],
    ['a name', { country: 'United States' }],
    ['something else', { country_code: 7 }],
    ['text that moves the cursor', { country_code: '\u001b[' }],
  ])('none of them: %s', (_what, record) => {
    expect(find(record, countryRecord)).toBeUndefined();
  });
});

describe('reads of networks', () => {
  const find = (record: Parameters<typeof writeMmdb>[0]['records'][string]) =>
    readDatabase(
      writeMmdb({ type: 'test', records: { '2a00:1450::/32': record } }),
      autonomousSystemRecord,
    ).find('2a00:1450::1');

  test.each([
    [
      'GeoLite2 and DB-IP',
      { autonomous_system_number: 15_169, autonomous_system_organization: 'Google LLC' },
    ],
    ['IPinfo Lite', { asn: 'AS15169', as_name: 'Google LLC', as_domain: 'google.com', country_code: 'US' }],
    ['the older IPinfo', { asn: 'AS15169', name: 'Google LLC', domain: 'google.com' }],
  ])('the layout of %s', (_maker, record) => {
    expect(find(record)).toEqual({ number: 15_169, name: 'Google LLC' });
  });

  test('a name that is printable and not too long, whoever wrote it', () => {
    const name = `\u001b[31mEvil\n${'x'.repeat(200)}`;
    const found = find({ autonomous_system_number: 64_496, autonomous_system_organization: name });
    expect(found?.name).toBe(`?[31mEvil?${'x'.repeat(118)}`);
  });

  test('nothing where the number is none', () => {
    expect(find({ asn: 'AS99999999999', name: 'x' })).toBeUndefined();
    expect(find({ asn: '<b>', name: 'x' })).toBeUndefined();
  });
});
