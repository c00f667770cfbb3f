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

/** An order waits for an answer that long; a dynamic address is a minute late at most. Milliseconds. */
const timing = { everyMs: 60_000, unansweredEveryMs: 30_000, firstMs: 10_000 };

export function createListNames({
  makeDns = systemDns,
  onChange,
}: {
  readonly makeDns?: (() => Dns) | undefined;
  readonly onChange: () => void;
}): ListNames {
  const hostNames = createHostNames({ makeDns, timing, onChange });
  // Whoever has a port is not asked for by SRV records.
  const server = (host: ListTarget) => ({ host, hasPort: true });
  return {
    follow: (names) => hostNames.want([...names].map(server)),
    addressesOf: (name) => hostNames.addressesOf(server(name)),
    stop: hostNames.close,
  };
}
