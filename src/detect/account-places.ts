// Where each account was used from: its countries, and its networks where that is asked for. What comes first is learned
// in silence; a new place of an account that is well known is news.
import { createLru } from '../lib/lru.ts';
import type { Geography } from '../model/geography.ts';
import type { AuthenticationSucceeded, SensorName } from '../model/observation.ts';
import type { Time } from '../model/time.ts';

const mostAccounts = 16_384;
/** Of one account; the one that was used longest ago goes. */
const mostPlaces = 16;

export const placeKinds = ['country', 'network'] as const;
type PlaceKind = (typeof placeKinds)[number];

export interface AccountPlaces {
  /** A place that is not known is no new one. */
  learn(success: AuthenticationSucceeded): NewPlace | undefined;
}

export interface NewPlace {
  readonly kind: PlaceKind;
  readonly place: string;
  /** The last one last. */
  readonly before: readonly string[];
}

export interface AccountPlacesParts {
  readonly kinds: readonly PlaceKind[];
  readonly geography: Geography;
  /** An account is well known after so many successes, as one sensor counts them ... */
  readonly count: number;
  /** ... over so long a time. Milliseconds. */
  readonly periodMs: number;
}

interface Known {
  readonly firstTime: Time;
  readonly successes: Partial<Record<SensorName, number>>;
  readonly places: Readonly<Record<PlaceKind, string[]>>;
}

export function createAccountPlaces({
  kinds,
  geography,
  count,
  periodMs,
}: AccountPlacesParts): AccountPlaces {
  const accounts = createLru<string, Known>(mostAccounts);
  const placesOf = ({ source }: AuthenticationSucceeded) => {
    const { country, autonomousSystem } = geography.originOf(source.address);
    return { country, network: autonomousSystem && `AS${autonomousSystem.number}` };
  };
  return {
    learn(success) {
      const here = placesOf(success);
      if (kinds.every((kind) => here[kind] === undefined)) return undefined;
      const { account, time, sensor, messages } = success;
      const { firstTime, successes, places } = accounts.get(account) ?? begin(time);
      accounts.set(account, { firstTime, successes, places });
      const isWellKnown = Math.max(0, ...Object.values(successes)) >= count && time - firstTime >= periodMs;
      successes[sensor] = (successes[sensor] ?? 0) + messages;
      const added = kinds.flatMap((kind) => addPlace(places[kind], kind, here[kind]) ?? []);
      return isWellKnown ? added.find(({ before }) => before.length > 0) : undefined;
    },
  };
}

function begin(firstTime: Time): Known {
  return { firstTime, successes: {}, places: { country: [], network: [] } };
}

function addPlace(known: string[], kind: PlaceKind, place: string | undefined): NewPlace | undefined {
  if (place === undefined) return undefined;
  const before = known.filter((each) => each !== place);
  const isNew = before.length === known.length;
  known.splice(0, known.length, ...before.slice(1 - mostPlaces), place);
  return isNew ? { kind, place, before } : undefined;
}
