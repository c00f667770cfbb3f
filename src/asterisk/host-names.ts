// The host names of trunks, looked up again and again, since a provider moves. While DNS fails the last good answer stands.
import { inParallel } from '../lib/in-parallel.ts';
import type { Address } from '../model/address.ts';
import { askDns, askHost, type Dns, type HostAnswer } from './host-lookup.ts';
import type { SipServer } from './sip-server.ts';

export interface HostNames {
  /** These are the names from now on. Resolves when each was looked up once, or after `firstMs`; never rejects. */
  want(servers: readonly SipServer[]): Promise<void>;
  /** What is known of a name; empty where that is nothing. */
  addressesOf(server: SipServer): readonly Address[];
  close(): void;
}

export interface HostNamesTiming {
  readonly everyMs: number;
  /** Sooner, where a name never had an answer. */
  readonly unansweredEveryMs: number;
  /** How long facts wait for names that were never looked up. */
  readonly firstMs: number;
}

/** More are not looked up. */
export const hostNameLimit = 256;
const parallel = 8;
const lookupsMs = 30_000;
/** Of one name, while parts of its answers fail. */
const keptLimit = 256;

export function createHostNames({
  makeDns,
  timing,
  onChange,
}: {
  /** Once a round, so that a changed resolv.conf is taken up. */
  makeDns(): Dns;
  readonly timing: HostNamesTiming;
  /** Other addresses than before. */
  onChange(): void;
}): HostNames {
  const known = new Map<string, readonly Address[]>();
  const timers = new Map<'all' | 'unanswered', NodeJS.Timeout>();
  let wanted = new Map<string, SipServer>();
  let round: Promise<void> | undefined;
  let stopWaiting = (): void => {};
  let isClosed = false;

  const keep = (key: string, { addresses, isWhole }: HostAnswer): boolean => {
    const before = known.get(key) ?? [];
    if (addresses.length === 0) return false;
    const after = isWhole ? addresses : [...new Set([...addresses, ...before])].slice(0, keptLimit);
    known.set(key, after.toSorted());
    return known.get(key)?.join() !== before.join();
  };
  const lookUp = async (keys: readonly string[]): Promise<void> => {
    const dns = makeDns();
    const until = performance.now() + lookupsMs;
    const servers = keys.flatMap((key) => wanted.get(key) ?? []);
    const changes = await inParallel(servers, parallel, async (server) =>
      keep(keyOf(server), await askDns(dns, server.host, !server.hasPort)),
    );
    // One at a time: each may hold one of Node's few threads until the system gives up.
    for (const server of servers) {
      if (known.has(keyOf(server)) || isClosed || performance.now() > until) continue;
      const addresses = await askHost(dns, server.host).catch(() => []);
      changes.push(keep(keyOf(server), { addresses, isWhole: true }));
    }
    if (!isClosed && changes.includes(true)) onChange();
  };
  const unanswered = (): readonly string[] => [...wanted.keys()].filter((key) => !known.has(key));
  const again = (which: 'all' | 'unanswered', ms: number, keys: () => readonly string[]): void => {
    if (isClosed || timers.has(which) || keys().length === 0) return;
    const fire = (): void => {
      timers.delete(which);
      void begin(keys());
    };
    timers.set(which, setTimeout(fire, ms));
  };
  /** No two rounds run at a time. */
  const begin = async (keys: readonly string[]): Promise<void> => {
    while (round !== undefined) await round;
    if (isClosed) return;
    round = lookUp(keys).finally(() => {
      round = undefined;
      again('all', timing.everyMs, () => [...wanted.keys()]);
      again('unanswered', timing.unansweredEveryMs, unanswered);
    });
    return round;
  };
  return {
    async want(servers) {
      wanted = new Map(servers.map((server) => [keyOf(server), server] as const).slice(0, hostNameLimit));
      for (const key of known.keys()) if (!wanted.has(key)) known.delete(key);
      if (unanswered().length === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      stopWaiting = resolve;
      const patience = setTimeout(resolve, timing.firstMs);
      await Promise.race([begin(unanswered()), promise]);
      clearTimeout(patience);
    },
    addressesOf: (server) => known.get(keyOf(server)) ?? [],
    close() {
      isClosed = true;
      stopWaiting();
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

function keyOf({ host, hasPort }: SipServer): string {
  return `${host.toLowerCase()}${hasPort ? ':' : ''}`;
}
