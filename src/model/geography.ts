// Where in the world an address is, as a database says it; about one in twenty is wrong, so nobody is judged by it alone.
import type { Address, Network } from './address.ts';
import type { Time } from './time.ts';

/** ISO 3166-1 alpha-2, in capitals. */
export type Country = string;

/** Who announces the address to the Internet (RFC 1930). */
export interface AutonomousSystem {
  readonly number: number;
  /** Printable; empty where nobody says. */
  readonly name: string;
}

/** What is not known is absent. */
export interface Origin {
  readonly country?: Country;
  readonly autonomousSystem?: AutonomousSystem;
}

export interface Geography {
  /** Of a network: of its first address. Nothing of addresses that are not the Internet's. */
  originOf(source: Address | Network): Origin;
}

/** Where the answers come from. */
export interface GeoDatabase {
  readonly about: 'countries' | 'networks';
  readonly path: string;
  /** Absent while none was read. */
  readonly type?: string;
  readonly buildTime?: Time;
  /** What its licence asks us to say where answers are shown. */
  readonly attribution?: string;
}
