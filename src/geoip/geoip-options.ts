// The table [geoip] of the configuration.
import { z } from 'zod';
import { durationOption } from '../model/options.ts';

export const geoipOptions = z.strictObject({
  country_database: databaseOption('included')
    .default('included')
    .describe(
      'The database that says which country an address is of; "included" is the one that comes with sipwarden. GeoLite2, DB-IP and IPinfo (.mmdb) are understood. A replaced file is read at once.',
    ),
  network_database: databaseOption('none')
    .default('none')
    .describe(
      'A database that says whose network an address is of, such as GeoLite2-ASN, DB-IP ASN or IPinfo (.mmdb).',
    ),
  max_age: durationOption('365d', { atLeast: '1d' }).describe(
    'What was made longer ago says nothing any more, and an alarm says so.',
  ),
});
export type GeoipOptions = z.infer<typeof geoipOptions>;

function databaseOption(word: string) {
  return z
    .string()
    .regex(new RegExp(`^(${word}|/.+)$`), `expected "${word}" or an absolute path`)
    .meta({ takes: `"${word}" or an absolute path` });
}
