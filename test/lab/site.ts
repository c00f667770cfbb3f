// A site of many phones behind one address, and a trunk: honest peers of the lab, and how well they fare.
import { join } from 'node:path';
import { addresses, type Host } from './addresses.ts';
import { siteExtensions } from './asterisk-config.ts';
import type { LabProcess } from './lab-process.ts';
import type { Network } from './namespaces.ts';
import type { SiteOptions, SiteTry } from './programs/site.ts';
import type { TrunkOptions, TrunkTry } from './programs/trunk.ts';

export interface Peer<Try> {
  tries(): readonly Try[];
  stop(): Promise<void>;
}

/** `count` phones that register at the same moment, of which those in `wrong` have a wrong password. */
export function startSite(
  network: Network,
  {
    host = 'phone' as Host,
    count = 10,
    first = 0,
    everyMs = 1_000,
    wrong = [] as readonly string[],
    userAgent = 'lab site phone',
  } = {},
): Peer<SiteTry> {
  const phones = Object.entries(siteExtensions)
    .slice(first, first + count)
    .map(([account, password], index) => ({
      account,
      password: wrong.includes(account) ? 'wrong' : password,
      port: 6_000 + first + index,
    }));
  const [server, local] = [addresses.pbx.ipv4, addresses[host].ipv4];
  const options: SiteOptions = { protocol: 'UDP', server, local, phones, everyMs, userAgent };
  return peerOf<SiteTry>(
    network.start(host, process.execPath, [programFile('site'), JSON.stringify(options)]),
  );
}

/** A trunk that calls from its own address. */
export function startTrunk(network: Network, { everyMs = 300 } = {}): Peer<TrunkTry> {
  const [server, local] = [addresses.pbx.ipv4, addresses.trunk.ipv4];
  const options: TrunkOptions = { protocol: 'UDP', server, local, localPort: 5_060, everyMs };
  return peerOf<TrunkTry>(
    network.start('trunk', process.execPath, [programFile('trunk'), JSON.stringify(options)]),
  );
}

function programFile(name: string): string {
  return join(import.meta.dirname, `programs/${name}.ts`);
}

function peerOf<Try>(child: LabProcess): Peer<Try> {
  return {
    tries() {
      if (!child.isRunning() && child.stderr()) throw new Error(`the peer failed: ${child.stderr()}`);
      const lines = child.stdout().split('\n').slice(0, -1);
      return lines.map((line) => JSON.parse(line) as Try);
    },
    stop: () => child.stop(),
  };
}
