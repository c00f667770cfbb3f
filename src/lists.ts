// The allowlist and the denylist as they are in force: each change is in memory, in the kernel and on the disk. Entries
// end when their time is over, and host names follow DNS.
import { type AddressList, createAddressList } from './decide/address-list.ts';
import { settled } from './effects.ts';
import type { Reconciler } from './enforce/reconciler.ts';
import { createDeadlineTimer } from './lib/deadline-timer.ts';
import type { Logger } from './lib/logger.ts';
import { createListNames, type ListDns, listDns } from './list-names.ts';
import type { Address, Network } from './model/address.ts';
import type { Alarms } from './model/alarm.ts';
import type { Entry } from './model/enforcer.ts';
import { codeOf, messageOf } from './model/error.ts';
import {
  isHostName,
  type ListChange,
  type ListEntry,
  type ListName,
  type ListTarget,
  listNames,
  networksOf,
} from './model/list-entry.ts';
import type { Time } from './model/time.ts';
import type { Store } from './store/store.ts';

export interface Lists extends Readonly<Record<ListName, AddressList>> {
  /**
   * In memory at once; resolves when it is in the kernel and on the disk, of which the disk takes all or nothing. Rejects
   * with FIREWALL_PENDING or STORE_* where that is not so yet: it is tried again all the same.
   */
  change(name: ListName, change: ListChange): Promise<void>;
  /** What host names stand for, asked now where they are new; the names that have an answer. */
  lookUp(names: readonly ListTarget[]): Promise<ReadonlyMap<ListTarget, readonly Address[]>>;
  names(): readonly ListTarget[];
  /** What the kernel has to hold. */
  desired(): readonly Entry[];
  start(): void;
  stop(): void;
}

export interface ListsParts {
  readonly remembered: Readonly<Record<ListName, readonly ListEntry[]>>;
  readonly reconciler: () => Reconciler;
  readonly store: Pick<Store, 'changeList'>;
  /** Why a host name of the list must not stand for this address. */
  readonly refusal: (name: ListName, address: Address) => string | undefined;
  /** The allowlist covers more than before: nobody on it stays blocked. */
  readonly allowed: () => Promise<void>;
  readonly alarms: Alarms;
  readonly logger: Logger;
  readonly now: () => Time;
  readonly dns?: ListDns | undefined;
}

const refusedAlarm = 'LIST_NAME_REFUSED';
/** Asked of the firewall between two turns of the event loop. */
const atOnce = 1_000;

export function createLists(parts: ListsParts): Lists {
  const { remembered, reconciler, store, refusal, allowed, alarms, logger, now, dns = listDns } = parts;
  const isOver = ({ until }: ListEntry) => until !== undefined && until <= now();
  const lasting = (name: ListName) => createAddressList(remembered[name].filter((entry) => !isOver(entry)));
  const lists = { allow: lasting('allow'), deny: lasting('deny') };
  const named = { allow: new Set<ListTarget>(), deny: new Set<ListTarget>() };
  for (const name of listNames) noteNames(name, lists[name].entries());

  function noteNames(name: ListName, entries: readonly ListEntry[]) {
    for (const { target } of entries) if (isHostName(target)) named[name].add(target);
  }
  const allNames = () => [...new Set([...named.allow, ...named.deny])];
  const carryOut = (what: string, done: Promise<void>) =>
    done.catch((error) => logger.warn({ what, reason: messageOf(error) }, 'not carried out yet'));

  const settle = (name: ListName, target: Network): Promise<void> => {
    const coverage = lists[name].coverageOf(target);
    const settling = coverage
      ? reconciler().set({ set: name, ...coverage })
      : reconciler().unset({ set: name, target });
    return settled(settling).catch((error) => {
      // What is not protected needs no entry; it is there as soon as IPv6 is.
      if (codeOf(error) !== 'FIREWALL_NO_IPV6') throw error;
    });
  };
  const settleAll = async (name: ListName, networks: readonly Network[]): Promise<void> => {
    const settling: Promise<void>[] = [];
    for (let start = 0; start < networks.length; start += atOnce) {
      if (start > 0) await new Promise(setImmediate);
      settling.push(...networks.slice(start, start + atOnce).map((network) => settle(name, network)));
    }
    await Promise.all(settling);
  };

  const change: Lists['change'] = async (name, { remove = [], add = [] }) => {
    const list = lists[name];
    const touched = new Set<Network>();
    const touch = (entry: ListEntry | undefined) => {
      for (const network of entry ? networksOf(entry) : []) touched.add(network);
    };
    for (const target of remove) {
      touch(list.get(target));
      list.remove(target);
      named[name].delete(target);
    }
    for (const entry of add) {
      touch(list.get(entry.target));
      touch(entry);
      list.add(entry);
    }
    noteNames(name, add);
    void names.follow(allNames());
    timer.rearm();
    await Promise.all([
      settleAll(name, [...touched]),
      store.changeList(name, { remove, add }),
      name === 'allow' && add.length > 0 ? allowed() : undefined,
    ]);
  };

  /** Takes off what is over. */
  const end = () => {
    for (const name of listNames) {
      const remove = lists[name]
        .entries()
        .filter(isOver)
        .map(({ target }) => target);
      if (remove.length === 0) continue;
      logger.info({ list: name, targets: remove.slice(0, 100), count: remove.length }, 'list entries ended');
      void carryOut('list entries ended', change(name, { remove }));
    }
  };
  const timer = createDeadlineTimer({
    nextDeadline() {
      let next = Number.POSITIVE_INFINITY;
      for (const name of listNames) {
        for (const { until = next } of lists[name].entries()) next = Math.min(next, until);
      }
      return next === Number.POSITIVE_INFINITY ? undefined : next;
    },
    wake: end,
    now,
  });

  /** An answer that must not be is refused whole, and the last good one stays. */
  const followNames = () => {
    const refused: string[] = [];
    for (const name of listNames) {
      const add = [...named[name]].flatMap((target) => {
        const entry = lists[name].get(target);
        const addresses = names.addressesOf(target);
        if (!entry || addresses.length === 0 || addresses.join() === entry.addresses?.join()) return [];
        const [because] = addresses.flatMap((address) => refusal(name, address) ?? []);
        if (because === undefined) return { ...entry, addresses };
        refused.push(`${target} on the ${name}list (${because})`);
        return [];
      });
      if (add.length > 0) void carryOut('host name of a list', change(name, { add }));
    }
    if (refused.length === 0) return alarms.clear(refusedAlarm);
    const message = `the addresses of a host name are not taken: ${refused.slice(0, 3).join('; ')}`;
    alarms.raise(refusedAlarm, message, 'see whose name it is; its last good addresses stay in force');
  };
  const names = createListNames(dns, followNames);

  return {
    ...lists,
    change,
    async lookUp(wanted) {
      await names.follow([...allNames(), ...wanted]);
      return new Map(
        wanted.flatMap((name) => {
          const addresses = names.addressesOf(name);
          return addresses.length > 0 ? [[name, addresses] as const] : [];
        }),
      );
    },
    names: allNames,
    desired: () => listNames.flatMap((set) => lists[set].coverage().map((entry) => ({ set, ...entry }))),
    start() {
      for (const name of listNames) {
        const remove = remembered[name].filter(isOver).map(({ target }) => target);
        if (remove.length > 0) void carryOut('list entries ended', store.changeList(name, { remove }));
      }
      void names.follow(allNames());
      timer.rearm();
    },
    stop() {
      timer.stop();
      names.stop();
    },
  };
}
