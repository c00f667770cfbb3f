// What this host says of its administrators and gateways at one moment, and how to say where that comes from.
import type { Address } from '../model/address.ts';
import { readIPv4Gateways, readIPv6Gateways } from './default-gateways.ts';
import { readFileHead } from './file-head.ts';
import { type Logins, noLogins, readLogins } from './host-logins.ts';
import type { HostOptions } from './host-options.ts';
import type { HostPaths } from './host-paths.ts';

export interface HostKnowledge {
  readonly logins: Logins;
  readonly gateways: readonly Address[];
  readonly haveRoutes: boolean;
}

export const nothingKnown: HostKnowledge = { logins: noLogins, gateways: [], haveRoutes: false };

/** Default routes come first in both tables; a router's many others are not read. */
const routesBytes = 64 * 1024;
const gatewaysShown = 4;

/** Throws where something is there and we have trouble with reading it. */
export function readHost(options: HostOptions, paths: HostPaths): HostKnowledge {
  const logins = options.administrators ? readLogins(paths) : noLogins;
  if (!options.gateways) return { ...nothingKnown, logins };
  const ipv4 = readFileHead(paths.ipv4Routes, routesBytes)?.toString('latin1');
  const ipv6 = readFileHead(paths.ipv6Routes, routesBytes)?.toString('latin1');
  return {
    logins,
    gateways: [...readIPv4Gateways(ipv4 ?? ''), ...readIPv6Gateways(ipv6 ?? '')],
    haveRoutes: ipv4 !== undefined || ipv6 !== undefined,
  };
}

/** Nothing of what is wanted could be read. */
export function isBlind({ logins, haveRoutes }: HostKnowledge): boolean {
  return logins.sources.length === 0 && !haveRoutes;
}

/** One line for a person. */
export function describeHost(options: HostOptions, knowledge: HostKnowledge): string {
  return `${describeLogins(options, knowledge)}; ${describeGateways(options, knowledge)}`;
}

function describeLogins({ administrators }: HostOptions, { logins }: HostKnowledge): string {
  if (!administrators) return 'logins are not read';
  if (logins.sources.length === 0) return 'no logins: neither utmp nor systemd-logind is there';
  const nameless =
    logins.nameless > 0
      ? ` (${logins.nameless} by host name alone, and not protected: set "UseDNS no" in sshd_config)`
      : '';
  return `logins from ${logins.sources.join(' and ')}${nameless}`;
}

function describeGateways(options: HostOptions, { gateways, haveRoutes }: HostKnowledge): string {
  if (!options.gateways) return 'gateways are not read';
  if (!haveRoutes) return 'no route table is there';
  if (gateways.length === 0) return 'no default gateway';
  const more = gateways.length > gatewaysShown ? ` and ${gateways.length - gatewaysShown} more` : '';
  return `gateways ${gateways.slice(0, gatewaysShown).join(', ')}${more}`;
}
