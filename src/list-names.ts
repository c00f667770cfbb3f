// The host names of the lists, looked up again and again: whoever has a dynamic address is followed. Knows no list.
import { type Dns, systemDns } from './asterisk/host-lookup.ts';
import { createHostNames, hostNameLimit } from './asterisk/host-names.ts';
import type { Address } from './model/address.ts';
import type { ListTarget } from './model/list-entry.ts';

export interface ListNames {
  /** These are looked up from now on, and no others; nothing is asked while there are none. */
  follow(names: Iterable<ListTarget>): Promise<void>;
  /** Sorted; empty where nothing is known. */
  addressesOf(name: ListTarget): readonly Address[];
  stop(): void;
}

/** More are not followed. */
export const listNameLimit = hostNameLimit;

export interface ListDns {
  readonly makeDns: () => Dns;
  /** A dynamic address is so late at most. Milliseconds. */
  readonly everyMs: number;
}

export const listDns: ListDns = { makeDns: systemDns, everyMs: 60_000 };
/** An order waits for an answer that long. Milliseconds. */
const firstMs = 10_000;

export function createListNames({ makeDns, everyMs }: ListDns, onChange: () => void): ListNames {
  const timing = { everyMs, unansweredEveryMs: everyMs / 2, firstMs };
  const hostNames = createHostNames({ makeDns, timing, onChange });
  // Whoever has a port is not asked for by SRV records.
  const server = (host: ListTarget) => ({ host, hasPort: true });
  return {
    follow: (names) => hostNames.want([...names].map(server)),
    addressesOf: (name) => hostNames.addressesOf(server(name)),
    stop: hostNames.close,
  };
}
