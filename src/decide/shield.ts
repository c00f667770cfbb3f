// Who is known to be ours: learned from what addresses prove, and from what the PBX and this host say. A shield is earned:
// whoever gets in only after proven failures is no friend, and a young one softens no proven evidence.
import { createLru } from '../lib/lru.ts';
import { type Address, contains, type Network } from '../model/address.ts';
import type { SourcePort } from '../model/enforcer.ts';
import type { InventoryFact } from '../model/inventory.ts';
import type { AuthenticationSucceeded, Observation, Transport } from '../model/observation.ts';
import type { BlastRadius, ShieldEntry } from '../model/shield-entry.ts';
import type { Time } from '../model/time.ts';
import { entriesOf } from './inventory-entries.ts';
import { createNetworkMap } from './network-map.ts';
import { createShieldIndex } from './shield-index.ts';
import type { ShieldOptions } from './shield-options.ts';

/** What the firewall and the store have to learn of. */
export interface ShieldChange {
  readonly changed: readonly ShieldEntry[];
  readonly gone: readonly ShieldEntry[];
  /** Whom the firewall lets pass from now on: until then, without `until` for good; `isOver`: no more. */
  readonly passes: readonly { readonly target: Network; readonly until?: Time; readonly isOver?: true }[];
}

export interface Shield {
  /** What an observation made or prolonged, where that is worth telling. */
  learn(observation: Observation): ShieldChange | undefined;
  know(fact: InventoryFact): ShieldChange | undefined;
  /** Entries that share an address with the target, and are not overruled. */
  covering(target: Network, now: Time): readonly ShieldEntry[];
  /** Softens proven evidence too: configured, old, or an office. */
  isSettled(target: Network, now: Time): boolean;
  blastRadius(target: Network, now: Time): BlastRadius;
  /** Whether a contact, trunk or live call uses that port of the address. */
  usesPort(address: Address, port: SourcePort, now: Time): boolean;
  /** Takes what was earned (by phones, by calls) from every address of the target: it is banned on proven evidence. */
  revoke(target: Network): ShieldChange;
  /** A person decided against the shield of this target; until it is lifted nothing there is shielded. */
  overrule(target: Network, until: Time): ShieldChange;
  endOverrule(target: Network, now: Time): ShieldChange;
  entries(now: Time): readonly ShieldEntry[];
}

const maxFailures = 65_536;
const keptPorts = 8;
/** What a registration is taken to last where nobody says it. Milliseconds. */
const usualRegistrationMs = 3_600_000;
/** A shield that is prolonged by less is not told anew: phones register every minute. Milliseconds. */
const worthTellingMs = 600_000;

export function createShield(options: () => ShieldOptions, initial: readonly ShieldEntry[] = []): Shield {
  const index = createShieldIndex(initial);
  const lastFailure = createLru<Address, Time>(maxFailures);
  const overruled = createNetworkMap<Time>();

  const holds = ({ until = Number.POSITIVE_INFINITY }: ShieldEntry, now: Time): boolean => until > now;
  const isOverruled = (target: Network, now: Time): boolean => (overruled.match(target) ?? 0) > now;
  const covering = (target: Network, now: Time): readonly ShieldEntry[] => {
    const found = index.overlapping(target).filter((entry) => holds(entry, now));
    if (overruled.size === 0 || found.length === 0) return found;
    return found.filter((entry) => !isOverruled(entry.target, now) && !isOverruled(target, now));
  };

  /** What the firewall has to hold for a target now. */
  const passOf = (target: Network, now: Time): ShieldChange['passes'][number] => {
    const here = index.at(target).filter((entry) => holds(entry, now));
    if (here.length === 0 || isOverruled(target, now)) return { target, isOver: true };
    if (here.some(({ until }) => until === undefined)) return { target };
    return { target, until: Math.max(...here.map(({ until = 0 }) => until)) };
  };
  const changeOf = (
    changed: readonly ShieldEntry[],
    gone: readonly ShieldEntry[],
    now: Time,
  ): ShieldChange => {
    const targets = new Set([...changed, ...gone].map(({ target }) => target));
    return { changed, gone, passes: [...targets].map((target) => passOf(target, now)) };
  };
  const remove = (gone: readonly ShieldEntry[]): ShieldChange => {
    for (const entry of gone) index.delete(entry);
    return changeOf([], gone, Number.NEGATIVE_INFINITY);
  };

  const register = (observation: AuthenticationSucceeded): ShieldEntry | undefined => {
    const {
      source,
      account,
      time,
      proof,
      callId,
      registeredUntil = time + usualRegistrationMs,
    } = observation;
    const place = { kind: 'phone', target: source.address, name: account } as const;
    const before = index.get(place);
    const known = before && holds(before, time) ? before : undefined;
    const provenSince = known?.provenSince ?? (proof.level === 'proven' ? time : undefined);
    const entry: ShieldEntry = {
      ...place,
      why: 'it authenticated',
      since: known?.since ?? time,
      ...(provenSince !== undefined && { provenSince }),
      lastSeen: Math.max(time, known?.lastSeen ?? time),
      until: Math.max(known?.until ?? 0, registeredUntil + options().after_registration),
      ports: withPort(known?.ports ?? [], portOf(source.port, observation.transport)),
      ...(callId !== undefined && { callId }),
    };
    index.set(entry);
    const isNew =
      !known ||
      known.ports !== entry.ports ||
      known.provenSince !== provenSince ||
      known.callId !== entry.callId;
    return isNew || (entry.until ?? 0) - (known.until ?? 0) >= worthTellingMs ? entry : undefined;
  };

  const replace = (kind: ShieldEntry['kind'], entries: readonly ShieldEntry[], now: Time): ShieldChange => {
    const kept = new Set(entries.map(({ target, name }) => `${target} ${name}`));
    const gone = index.ofKind(kind).filter(({ target, name }) => !kept.has(`${target} ${name}`));
    for (const entry of gone) index.delete(entry);
    const changed = entries.map((entry) => ({ ...entry, since: index.get(entry)?.since ?? entry.since }));
    for (const entry of changed) index.set(entry);
    return changeOf(changed, gone, now);
  };

  /** The PBX's list is the truth about registrations that it still holds, and those that it does not. */
  const agreeWithContacts = ({
    time,
    contacts,
  }: Extract<InventoryFact, { kind: 'contacts' }>): ShieldChange => {
    const untilOf = new Map(contacts.map(({ callId, until }) => [callId, until]));
    const changed = index.ofKind('phone').flatMap((entry) => {
      if (entry.callId === undefined) return [];
      const registeredUntil =
        untilOf.get(entry.callId) ?? Math.min(time, entry.lastSeen + usualRegistrationMs);
      const until = registeredUntil + options().after_registration;
      return Math.abs(until - (entry.until ?? 0)) < worthTellingMs ? [] : [{ ...entry, until }];
    });
    for (const entry of changed) index.set(entry);
    return changeOf(changed, [], time);
  };

  const blastRadius = (target: Network, now: Time): BlastRadius => {
    const here = covering(target, now);
    const namesOf = (kind: ShieldEntry['kind']) =>
      new Set(here.filter((entry) => entry.kind === kind).map(({ name }) => name));
    const [phones, trunks, calls] = [namesOf('phone'), namesOf('trunk'), namesOf('call')];
    const names = [...trunks, ...phones, ...calls].slice(0, 8);
    return { phones: phones.size, trunks: trunks.size, calls: calls.size, names };
  };

  return {
    learn(observation) {
      const { address } = observation.source;
      const { time } = observation;
      if (observation.kind === 'authentication-failed' && observation.proof.level === 'proven') {
        lastFailure.set(address, time);
      }
      if (observation.kind !== 'authentication-succeeded') return undefined;
      const isKnown = covering(address, time).length > 0;
      const failedAt = lastFailure.get(address) ?? Number.NEGATIVE_INFINITY;
      if (!isKnown && time - failedAt < options().failures_forgotten_after) return undefined;
      const entry = register(observation);
      return entry && changeOf([entry], [], time);
    },
    know(fact) {
      if (fact.kind === 'restart') return undefined;
      if (fact.kind === 'contacts') return agreeWithContacts(fact);
      const [kind, entries] = entriesOf(fact);
      return replace(kind, entries, fact.time);
    },
    covering,
    isSettled(target, now) {
      const here = covering(target, now);
      if (here.some(({ kind }) => kind === 'trunk')) return true;
      const phones = here.filter(({ kind, provenSince }) => kind === 'phone' && provenSince !== undefined);
      const isOld = phones.some(({ provenSince = now }) => now - provenSince >= options().young_for);
      return isOld || new Set(phones.map(({ name }) => name)).size >= options().office_accounts;
    },
    blastRadius,
    usesPort(address, { protocol, port }, now) {
      return covering(address, now).some(
        ({ kind, ports }) =>
          kind === 'trunk' || ports.some((used) => used.protocol === protocol && used.port === port),
      );
    },
    revoke(target) {
      const earned = index.overlapping(target).filter(({ kind }) => kind === 'phone' || kind === 'call');
      return remove(earned.filter((entry) => contains(target, entry.target)));
    },
    overrule(target, until) {
      overruled.set(target, until);
      const hidden = index.overlapping(target).filter((entry) => contains(target, entry.target));
      return {
        changed: [],
        gone: [],
        passes: hidden.map((entry) => ({ target: entry.target, isOver: true })),
      };
    },
    endOverrule(target, now) {
      overruled.delete(target);
      const shown = index.overlapping(target).map((entry) => entry.target);
      return { changed: [], gone: [], passes: [...new Set(shown)].map((each) => passOf(each, now)) };
    },
    entries: (now) => index.all().filter((entry) => holds(entry, now) && !isOverruled(entry.target, now)),
  };
}

export function portOf(port: number, transport: Transport): SourcePort {
  return { protocol: transport === 'udp' ? 'udp' : 'tcp', port };
}

/** The same list where the port is in it already. */
function withPort(ports: readonly SourcePort[], used: SourcePort): readonly SourcePort[] {
  const isKnown = ports.some(({ protocol, port }) => protocol === used.protocol && port === used.port);
  return isKnown ? ports : [...ports, used].slice(-keptPorts);
}
