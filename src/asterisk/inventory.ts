// Learns from Asterisk who is ours and hands it on as facts: read when Asterisk is heard and has booted, and again when an
// event says that something changed. While nothing changes Asterisk is not asked; only DNS is.
import { createDeadlineTimer } from '../lib/deadline-timer.ts';
import { contains } from '../model/address.ts';
import type { Alarms } from '../model/alarm.ts';
import type { Expelled } from '../model/expulsion.ts';
import type { InventoryFact, Trunk } from '../model/inventory.ts';
import type { Time } from '../model/time.ts';
import type { AmiActions } from './ami-actions.ts';
import { type Endpoint, readEndpoints } from './endpoints.ts';
import { createExpeller } from './expeller.ts';
import { type Dns, systemDns } from './host-lookup.ts';
import { createHostNames, type HostNamesTiming } from './host-names.ts';
import type { InventoryChange } from './inventory-change.ts';
import { type CallTrust, createLiveCalls, type LiveCallsTiming } from './live-calls.ts';
import { type PbxFacts, readVersion } from './pbx-facts.ts';
import { readOutboundRegistrations, readRegisteredContacts } from './registrations.ts';
import { createRepeatedRead, type ReadTiming } from './repeated-read.ts';
import { knownTrunks, leastPrefix, type TrunkPlaces, trunkPlaces } from './trunks.ts';

export interface Inventory {
  /** What an event said. Only after `booted` is Asterisk asked: until then its lists may not be whole. */
  changed(change: InventoryChange): void;
  /** Asterisk can be asked again, or what it said was missed. */
  readAll(): void;
  /** Somebody is to be put out, who may have calls and contacts. */
  expel(): void;
  /** Changes are not heard any more; the next thing to hear is `booted`. What is known stands. */
  unheard(): void;
  facts(): PbxFacts | undefined;
  close(): void;
}

export interface InventoryTiming {
  readonly contacts: ReadTiming;
  readonly trunks: ReadTiming;
  readonly calls: LiveCallsTiming;
  readonly hostNames: HostNamesTiming;
}

const patience = { quietMs: 500, retryLeastMs: 1_000, retryMostMs: 60_000 };
const inventoryTiming: InventoryTiming = {
  contacts: { ...patience, restMostMs: 10_000 },
  trunks: { ...patience, restMostMs: 60_000 },
  calls: { read: { ...patience, restMostMs: 60_000 }, againMs: 60_000, gatherMs: 50 },
  hostNames: { everyMs: 300_000, unansweredEveryMs: 30_000, firstMs: 10_000 },
};

const tooWide = 'SHIELD_TOO_WIDE';
const tooWideHint =
  `write the provider's own addresses into "match" of its identify section in pjsip.conf: networks of at least ` +
  `${leastPrefix.ipv4} bits (IPv6: ${leastPrefix.ipv6}), and "pjsip reload"; until then nobody is shielded by it`;
const shown = 3;
/** A registration that was refreshed raises no event, so the list is read again when one of them would be over. */
const refreshedBeforeMs = 2_000;
const expiryLeastMs = 1_000;
const expiryMostMs = 86_400_000;

export function createInventory({
  actions,
  know,
  expelled,
  alarms,
  now,
  timing = inventoryTiming,
  makeDns = systemDns,
}: {
  readonly actions: AmiActions;
  know(fact: InventoryFact): void;
  readonly expelled: Expelled;
  readonly alarms: Alarms;
  now(): Time;
  readonly timing?: InventoryTiming;
  readonly makeDns?: () => Dns;
}): Inventory {
  let endpoints: ReadonlyMap<string, Endpoint> | undefined;
  let places: TrunkPlaces['places'] | undefined;
  let trunks: ReadonlyMap<string, readonly Trunk[]> = new Map();
  let isBooted = false;
  let isClosed = false;
  let version: string | undefined;
  let registeredContacts: number | undefined;
  let firstExpiry: Time | undefined;

  const hostNames = createHostNames({ makeDns, timing: timing.hostNames, onChange: () => publishTrunks() });
  const publishTrunks = (): void => {
    if (!places || isClosed) return;
    const known = knownTrunks(places, hostNames.addressesOf);
    trunks = Map.groupBy(known.trunks, ({ endpoint }) => endpoint);
    report(known.notBelieved);
    know({ kind: 'trunks', time: now(), trunks: known.trunks });
    calls.readAll();
  };
  const report = (notBelieved: readonly string[]): void => {
    if (notBelieved.length === 0) {
      alarms.clear(tooWide);
      return;
    }
    const more = notBelieved.length > shown ? `, and ${notBelieved.length - shown} more` : '';
    const what = `${notBelieved.slice(0, shown).join(', ')}${more}`;
    alarms.raise(tooWide, `not believed to be a trunk: ${what}`, tooWideHint);
  };
  const repeat = (read: () => Promise<void>, readTiming: ReadTiming) =>
    createRepeatedRead(async () => {
      if (isBooted) await read();
    }, readTiming);
  const reads = {
    version: repeat(async () => {
      version = await readVersion(actions);
    }, timing.contacts),
    contacts: repeat(async () => {
      const contacts = await readRegisteredContacts(actions);
      if (isClosed) return;
      registeredContacts = contacts.length;
      const time = now();
      know({ kind: 'contacts', time, contacts });
      await expeller.removeFrom(contacts);
      const ends = contacts.flatMap(({ until }) => (until > time ? [until - refreshedBeforeMs] : []));
      firstExpiry =
        ends.length > 0 ? ends.reduce((one, other) => Math.min(one, other), time + expiryMostMs) : undefined;
      expiry.rearm();
    }, timing.contacts),
    trunks: repeat(async () => {
      const read = await readEndpoints(actions);
      const found = trunkPlaces(read.values(), await readOutboundRegistrations(actions));
      await hostNames.want(found.servers);
      endpoints = read;
      places = found.places;
      publishTrunks();
    }, timing.trunks),
  };
  const expiry = createDeadlineTimer({
    nextDeadline: () => firstExpiry,
    wake() {
      firstExpiry = undefined;
      reads.contacts.request();
    },
    now,
    leastMs: expiryLeastMs,
  });
  const authenticates = (name: string): boolean => endpoints?.get(name)?.authenticates === true;
  const trust: CallTrust = {
    of(name) {
      if (!endpoints?.has(name)) return 'unknown';
      return authenticates(name) || trunks.has(name) ? 'somebody' : 'nobody';
    },
    isOurs: (name, address) =>
      authenticates(name) || (trunks.get(name) ?? []).some(({ network }) => contains(network, address)),
    onUnknown() {
      if (endpoints) reads.trunks.request();
    },
  };
  const calls = createLiveCalls({
    actions,
    trust,
    now,
    timing: timing.calls,
    publish: (live) => know({ kind: 'calls', time: now(), calls: live }),
  });
  const expeller = createExpeller({ actions, expelled, alarms, now, timing: timing.calls.read });
  const expel = (): void => {
    if (!isBooted) return;
    expeller.readAll();
    reads.contacts.request();
  };
  const readAll = (): void => {
    if (!isBooted) return;
    for (const read of Object.values(reads)) read.requestAnew();
    // Before, nothing is known of whose calls they are.
    if (places) calls.readAll();
    expeller.readAll();
  };
  return {
    readAll,
    expel,
    changed(change) {
      if (change.kind === 'booted') {
        isBooted = true;
        know({ kind: 'restart', time: now() });
        readAll();
      } else if (!isBooted) return;
      else if (!('channel' in change)) reads[change.kind].request();
      else {
        expeller.heardOf(change.channel);
        if (change.kind === 'call') calls.heardOf(change.channel);
      }
    },
    unheard() {
      isBooted = false;
      version = undefined;
    },
    facts: () => (version === undefined ? undefined : { version, registeredContacts }),
    close() {
      isClosed = true;
      for (const read of Object.values(reads)) read.close();
      expiry.stop();
      calls.close();
      expeller.close();
      hostNames.close();
      alarms.clear(tooWide);
    },
  };
}
