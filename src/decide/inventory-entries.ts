// What the PBX and this host say of who is ours, as entries of the shield.
import type { InventoryFact } from '../model/inventory.ts';
import type { ShieldEntry, ShieldKind } from '../model/shield-entry.ts';
import type { Time } from '../model/time.ts';

type Listed = Exclude<InventoryFact, { kind: 'restart' | 'contacts' }>;

const reasons = {
  identify: 'the PBX identifies this endpoint by its address',
  'outbound-registration': 'the PBX registers there',
  'static-contact': 'the PBX is configured to call there',
} as const;

/** All entries of one kind. */
export function entriesOf(fact: Listed): readonly [ShieldKind, readonly ShieldEntry[]] {
  const { time } = fact;
  switch (fact.kind) {
    case 'trunks':
      return [
        'trunk',
        fact.trunks.map(({ network, endpoint, because }) =>
          entry('trunk', network, endpoint, reasons[because], time, time),
        ),
      ];
    case 'calls':
      return [
        'call',
        fact.calls.map(({ peer, channel, endpoint, since }) => ({
          ...entry('call', peer.address, channel, `a call of ${endpoint}`, since, time),
          ports: [
            { protocol: 'udp', port: peer.port },
            { protocol: 'tcp', port: peer.port },
          ],
        })),
      ];
    case 'administrators':
      return [
        'administrator',
        fact.sessions.map(({ address, user, via, since }) =>
          entry('administrator', address, user, `logged in over ${via}`, since, time),
        ),
      ];
    case 'gateways':
      return [
        'gateway',
        fact.addresses.map((address) =>
          entry('gateway', address, 'gateway', "this host's way to the network", time, time),
        ),
      ];
  }
}

function entry(
  kind: ShieldKind,
  target: string,
  name: string,
  why: string,
  since: Time,
  lastSeen: Time,
): ShieldEntry {
  return { kind, target, name, why, since, lastSeen, ports: [] };
}
