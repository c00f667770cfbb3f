// What the PBX and this host know of who is ours. Each fact comes from configuration, from a login, or from what an
// address proved; never from text that a client wrote (a contact's URI, a Via).
import type { Address, Network, Peer } from './address.ts';
import type { Time } from './time.ts';

/** A provider or another PBX, as the administrator configured it. */
export interface Trunk {
  readonly network: Network;
  readonly endpoint: string;
  readonly because: 'identify' | 'outbound-registration' | 'static-contact';
}

/** A registration as the PBX holds it. Whose address it is, only a success under the same Call-ID tells. */
export interface RegisteredContact {
  readonly callId: string;
  readonly account: string;
  /** What Asterisk itself calls it: `<aor>;@<md5>`. */
  readonly id: string;
  readonly until: Time;
}

/** An answered call of an endpoint that authenticates or is identified by its address. */
export interface LiveCall {
  readonly peer: Peer;
  readonly channel: string;
  readonly endpoint: string;
  readonly since: Time;
}

/** Somebody who logged in to this host, or to the dashboard; a connection alone is none. */
export interface AdministratorSession {
  readonly address: Address;
  readonly user: string;
  readonly via: 'ssh' | 'dashboard';
  readonly since: Time;
}

/** Each list is the whole truth of its kind and replaces what was known before. */
export type InventoryFact =
  | { readonly kind: 'trunks'; readonly time: Time; readonly trunks: readonly Trunk[] }
  | { readonly kind: 'contacts'; readonly time: Time; readonly contacts: readonly RegisteredContact[] }
  | { readonly kind: 'calls'; readonly time: Time; readonly calls: readonly LiveCall[] }
  | {
      readonly kind: 'administrators';
      readonly time: Time;
      readonly sessions: readonly AdministratorSession[];
    }
  | { readonly kind: 'gateways'; readonly time: Time; readonly addresses: readonly Address[] }
  /** The PBX has (re)started, or is heard again: whole sites register anew. */
  | { readonly kind: 'restart'; readonly time: Time };
