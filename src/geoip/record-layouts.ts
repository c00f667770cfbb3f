// The records of the databases that people have, and what in them matters. Their text is a stranger's.
import { z } from 'zod';
import type { AutonomousSystem, Country } from '../model/geography.ts';
import { foreignTextLimit } from '../model/observation.ts';

/** Codes that ISO 3166 leaves to its users, and which mean that nobody knows. */
const nobodysCountries = ['XX', 'ZZ'];

const code = z
  .string()
  .regex(/^[A-Za-z]{2}$/)
  .toUpperCase()
  .refine((text) => !nobodysCountries.includes(text));

/** ip-location-db and IPinfo Lite; GeoLite2, GeoIP2 and DB-IP; IPinfo's older ones. */
export const countryRecord: z.ZodType<Country> = z.union([
  z.object({ country_code: code }).transform((record) => record.country_code),
  z.object({ country: z.object({ iso_code: code }) }).transform((record) => record.country.iso_code),
  z.object({ country: code }).transform((record) => record.country),
]);

/** RFC 6793. */
const number = z
  .int()
  .min(1)
  .max(2 ** 32 - 1);
const writtenNumber = z
  .string()
  .regex(/^AS\d{1,10}$/)
  .transform((text) => Number(text.slice(2)))
  .pipe(number);
const name = z
  .string()
  .transform((text) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').slice(0, foreignTextLimit))
  .optional();

/** GeoLite2, GeoIP2, DB-IP and ip-location-db; IPinfo Lite and IPinfo's older ones. */
export const autonomousSystemRecord: z.ZodType<AutonomousSystem> = z.union([
  z
    .object({ autonomous_system_number: number, autonomous_system_organization: name })
    .transform((record) => ({
      number: record.autonomous_system_number,
      name: record.autonomous_system_organization ?? '',
    })),
  z
    .object({ asn: writtenNumber, as_name: name, name })
    .transform((record) => ({ number: record.asn, name: record.as_name ?? record.name ?? '' })),
]);
