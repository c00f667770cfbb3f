// Which networks are trunks, from what the administrator wrote. Pure. A network that is too wide to be one provider's, or
// is nobody's, is not believed: a shield over half the Internet protects the attacker.
import {
  type Address,
  contains,
  isIPv6,
  isReserved,
  type Network,
  parseAddress,
  prefixLength,
} from '../model/address.ts';
import type { Trunk } from '../model/inventory.ts';
import type { Endpoint } from './endpoints.ts';
import { parseIdentifyMatch } from './identify-match.ts';
import type { OutboundRegistration } from './registrations.ts';
import { type SipServer, sipServerOf } from './sip-server.ts';

/** What the administrator wrote of one trunk: a network, or a host to look up. */
type Place = Omit<Trunk, 'network'> & ({ readonly network: Network } | { readonly server: SipServer });

export interface TrunkPlaces {
  readonly places: readonly Place[];
  /** Host names to look up. */
  readonly servers: readonly SipServer[];
}

export interface KnownTrunks {
  readonly trunks: readonly Trunk[];
  /** One line for a person for each network that is not believed. */
  readonly notBelieved: readonly string[];
}

/** Bits that a network must have at least. */
export const leastPrefix = { ipv4: 16, ipv6: 32 } as const;
/** They need no shield, so nobody is told. */
const neverBlocked = ['127.0.0.0/8', '::1', '169.254.0.0/16', 'fe80::/10'];

export function trunkPlaces(
  endpoints: Iterable<Endpoint>,
  registrations: readonly OutboundRegistration[],
): TrunkPlaces {
  const places: Place[] = [];
  const addServer = (server: SipServer | undefined, rest: Omit<Trunk, 'network'>): void => {
    const network = server && parseAddress(server.host);
    if (network !== undefined) places.push({ ...rest, network });
    else if (server) places.push({ ...rest, server });
  };
  for (const { name: endpoint, matches, staticContacts } of endpoints) {
    for (const { networks, hosts } of matches.map(parseIdentifyMatch)) {
      for (const network of networks) places.push({ endpoint, because: 'identify', network });
      for (const host of hosts) addServer({ host, hasPort: false }, { endpoint, because: 'identify' });
    }
    for (const uri of staticContacts) addServer(sipServerOf(uri), { endpoint, because: 'static-contact' });
  }
  for (const { serverUri, endpoint } of registrations) {
    addServer(sipServerOf(serverUri), { endpoint, because: 'outbound-registration' });
  }
  return { places, servers: places.flatMap((place) => ('server' in place ? [place.server] : [])) };
}

export function knownTrunks(
  places: readonly Place[],
  addressesOf: (server: SipServer) => readonly Address[],
): KnownTrunks {
  const trunks = new Map<string, Trunk>();
  const notBelieved = new Set<string>();
  for (const place of places) {
    const { endpoint, because } = place;
    for (const network of 'network' in place ? [place.network] : addressesOf(place.server)) {
      const problem = problemOf(network);
      if (problem === undefined)
        trunks.set(`${because} ${network} ${endpoint}`, { network, endpoint, because });
      else if (problem !== 'never blocked') {
        notBelieved.add(`${network} of endpoint ${endpoint.slice(0, 80)} ${problem}`);
      }
    }
  }
  return { trunks: [...trunks.values()], notBelieved: [...notBelieved] };
}

function problemOf(network: Network): string | undefined {
  if (neverBlocked.some((each) => contains(each, network))) return 'never blocked';
  const least = isIPv6(network) ? leastPrefix.ipv6 : leastPrefix.ipv4;
  if (prefixLength(network) < least) return 'is too wide';
  const [address = ''] = network.split('/');
  return isReserved(address) ? "is nobody's address" : undefined;
}
