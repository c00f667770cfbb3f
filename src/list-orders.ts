// What persons order about the allowlist and the denylist.
import type { AddedEntry, Forced, Operations, Order } from './control/operations.ts';
import { findOverlaps, overlapsOf } from './decide/list-overlaps.ts';
import { createListImport, overfull } from './list-import.ts';
import type { Lists } from './lists.ts';
import { SipwardenError } from './model/error.ts';
import { isHostName, type ListEntry, networksOf } from './model/list-entry.ts';
import type { Time } from './model/time.ts';
import type { Permits } from './permits.ts';

export interface ListOrdersParts {
  readonly lists: Lists;
  readonly permits: Permits;
  readonly now: () => Time;
}

/** Shown at once, of overlaps. */
const shownOnAdding = 20;
const shownInListing = 1_000;

export function createListOrders({
  lists,
  permits,
  now,
}: ListOrdersParts): Pick<Operations, 'list' | 'listAdd' | 'listRemove' | 'listImport' | 'listOverlaps'> {
  const entryFor = async ({ target, note, by, forMs, until }: Order<'listAdd'>): Promise<ListEntry> => {
    const time = now();
    const end = until ?? (forMs === undefined ? undefined : time + forMs);
    if (end !== undefined && end <= time)
      throw new SipwardenError('ORDER_INVALID', 'until: it is over already');
    const entry = { target, note, author: by, time, ...(end !== undefined && { until: end }) };
    const addresses = isHostName(target) ? (await lists.lookUp([target])).get(target) : undefined;
    return addresses ? { ...entry, addresses } : entry;
  };

  return {
    async list(name) {
      return lists[name].entries();
    },
    async listAdd(name, order): Promise<Forced<AddedEntry>> {
      const entry = await entryFor(order);
      const tooMuch = overfull(lists, name, { added: [entry], removed: [] });
      if (tooMuch !== undefined) throw new SipwardenError('LIST_FULL', tooMuch);
      const networks = networksOf(entry);
      const change =
        name === 'deny' ? await permits.permit('deny', order.target, networks, order) : undefined;
      await lists.change(name, { add: [entry] });
      const result = { ...entry, overlaps: overlapsOf(lists, name, entry, shownOnAdding) };
      return change ? { result, change } : { result };
    },
    async listRemove(name, { target }) {
      const wasThere = lists[name].get(target) !== undefined;
      await lists.change(name, { remove: [target] });
      return { target, wasThere };
    },
    listImport: createListImport({ lists, permits, now }),
    async listOverlaps() {
      return findOverlaps(lists, shownInListing);
    },
  };
}
