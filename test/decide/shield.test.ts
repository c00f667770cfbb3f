import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createShield } from '../../src/decide/shield.ts';
import { createShieldIndex } from '../../src/decide/shield-index.ts';
import { shieldOptions } from '../../src/decide/shield-options.ts';
import { overlaps } from '../../src/model/address.ts';
import type { ShieldEntry } from '../../src/model/shield-entry.ts';
import { day, hour, minute, shield as phone, second, start } from '../flow.ts';
import { attacker, proven, success } from '../observations.ts';

const office = attacker.address;
const create = (initial: readonly ShieldEntry[] = [], options: object = {}) =>
  createShield(() => shieldOptions.parse(options), initial);
const registered = (some: Parameters<typeof success>[0] = {}) =>
  success({ time: start, proof: proven(start), callId: 'call', ...some });
const untilOf = (shield: ReturnType<typeof create>, now = start) => shield.covering(office, now)[0]?.until;

describe('a registration', () => {
  test('shields its address until it runs out, and six hours more', () => {
    const shield = create();
    shield.learn(registered({ registeredUntil: start + 10 * minute }));
    expect(untilOf(shield)).toBe(start + 10 * minute + 6 * hour);
  });

  test('is taken to last an hour where nobody says it', () => {
    const shield = create();
    shield.learn(registered());
    expect(untilOf(shield)).toBe(start + 7 * hour);
  });

  test("lasts as long as the PBX's own list says, found by its Call-ID and never by its contact", () => {
    const shield = create();
    shield.learn(registered());
    const change = shield.know({
      kind: 'contacts',
      time: start,
      contacts: [
        { callId: 'call', account: '100', id: '100;@1', until: start + 30 * minute },
        { callId: 'other', account: '100', id: '100;@2', until: start + 9 * hour },
      ],
    });
    expect(untilOf(shield)).toBe(start + 30 * minute + 6 * hour);
    expect(change?.passes).toEqual([{ target: office, until: start + 30 * minute + 6 * hour }]);
  });

  test('that the PBX does not hold any more lasts six hours from then', () => {
    const shield = create();
    shield.learn(registered());
    shield.know({ kind: 'contacts', time: start + 10 * minute, contacts: [] });
    expect(untilOf(shield, start + 10 * minute)).toBe(start + 6 * hour + 10 * minute);
  });

  test('is told once while it is only prolonged a little, and again when a port or its proof is new', () => {
    const shield = create();
    const asserted = { level: 'asserted' } as const;
    expect(shield.learn(registered({ proof: asserted }))).toBeDefined();
    expect(shield.learn(registered({ proof: asserted, time: start + minute }))).toBeUndefined();
    expect(shield.learn(registered({ time: start + minute }))?.changed).toMatchObject([
      { provenSince: start + minute },
    ]);
    const moved = registered({ time: start + 2 * minute, source: { address: office, port: 9 } });
    expect(shield.learn(moved)?.changed).toMatchObject([{ ports: [{ port: 5061 }, { port: 9 }] }]);
    expect(shield.learn(registered({ time: start + 20 * minute }))).toBeDefined();
  });

  test('keeps the ports that it was seen to use, the newest eight', () => {
    const shield = create();
    for (let port = 1; port <= 10; port += 1) shield.learn(registered({ source: { address: office, port } }));
    const uses = (port: number) => shield.usesPort(office, { protocol: 'udp', port }, start);
    expect([1, 2, 3, 10].map(uses)).toEqual([false, false, true, true]);
    expect(shield.usesPort(office, { protocol: 'tcp', port: 10 }, start)).toBe(false);
  });
});

describe('what is shielded', () => {
  test('is every address of a configured trunk’s network, and every port of it', () => {
    const shield = create();
    shield.know({
      kind: 'trunks',
      time: start,
      trunks: [{ network: '203.0.113.0/24', endpoint: 'provider', because: 'identify' }],
    });
    expect(shield.covering('203.0.113.7', start)).toMatchObject([{ kind: 'trunk', name: 'provider' }]);
    expect(shield.covering('203.0.112.0/23', start)).toHaveLength(1);
    expect(shield.covering('203.0.114.7', start)).toEqual([]);
    expect(shield.usesPort('203.0.113.7', { protocol: 'udp', port: 1 }, start)).toBe(true);
    expect(shield.isSettled('203.0.113.7', start)).toBe(true);
  });

  test('changes with each list that the PBX hands on: who is not on it any more is told to be gone', () => {
    const shield = create();
    const call = (channel: string, address: string) => ({
      peer: { address, port: 5060 },
      channel,
      endpoint: '100',
      since: start,
    });
    const calls = (...list: ReturnType<typeof call>[]) =>
      shield.know({ kind: 'calls', time: start, calls: list });
    calls(call('PJSIP/100-1', '192.0.2.1'), call('PJSIP/100-2', '192.0.2.2'));
    const change = calls(call('PJSIP/100-2', '192.0.2.2'));
    expect(change?.gone).toMatchObject([{ kind: 'call', target: '192.0.2.1' }]);
    expect(change?.passes).toContainEqual({ target: '192.0.2.1', isOver: true });
    expect(shield.covering('192.0.2.1', start)).toEqual([]);
    expect(shield.covering('192.0.2.2', start)).toHaveLength(1);
  });

  test('stays so while another reason for it is left', () => {
    const shield = create([phone({ target: '192.0.2.1', until: start + hour })]);
    const know = (addresses: string[]) => shield.know({ kind: 'gateways', time: start, addresses });
    expect(know(['192.0.2.1'])?.passes).toEqual([{ target: '192.0.2.1' }]);
    expect(know([])?.passes).toEqual([{ target: '192.0.2.1', until: start + hour }]);
  });

  test('is counted by account, trunk and call, for whoever must know whom a ban would hit', () => {
    const shield = create([phone(), phone({ name: '101' }), phone({ kind: 'trunk', name: 'provider' })]);
    shield.learn(registered({ account: '101', source: { address: office, port: 7 } }));
    expect(shield.blastRadius(office, start)).toEqual({
      phones: 2,
      trunks: 1,
      calls: 0,
      names: ['provider', '100', '101'],
    });
  });

  test('is nobody where a person overruled it, until that ends', () => {
    const shield = create([phone({ until: start + 2 * day })]);
    const change = shield.overrule('203.0.113.0/24', start + hour);
    expect(change.passes).toEqual([{ target: office, isOver: true }]);
    expect(shield.covering(office, start + minute)).toEqual([]);
    expect(shield.covering('203.0.113.0/24', start + minute)).toEqual([]);
    expect(shield.learn(registered({ time: start + second, account: 'new' }))?.passes).toEqual([
      { target: office, isOver: true },
    ]);
    expect(shield.endOverrule('203.0.113.0/24', start + minute).passes).toContainEqual({
      target: office,
      until: start + 2 * day,
    });
    expect(shield.covering(office, start + minute)).toHaveLength(2);
  });

  test('is never more than the kernel’s set holds: who was longest not seen is forgotten first', () => {
    const shield = create();
    for (let index = 0; index < 66_000; index += 1) {
      const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
      shield.learn(registered({ source: { address, port: 5060 } }));
    }
    expect(shield.entries(start)).toHaveLength(65_536);
    expect(shield.covering('10.0.0.0', start)).toEqual([]);
    expect(shield.covering('10.1.1.207', start)).toHaveLength(1);
  });
});

test('an index finds exactly the entries that share an address with the target, whatever came and went', () => {
  const targets = ['192.0.2.1', '192.0.2.2', '192.0.2.0/24', '192.0.0.0/16', '2001:db8::1', '2001:db8::2'];
  const more = ['2001:db8:0:1::1', '2001:db8::/64', '2001:db8::/48', '2001:db8::/65'];
  const target = fc.constantFrom(...targets, ...more);
  const step = fc.record({ isAdded: fc.boolean(), target, name: fc.constantFrom('a', 'b') });
  fc.assert(
    fc.property(fc.array(step), target, (steps, asked) => {
      const index = createShieldIndex([]);
      const expected = new Map<string, ShieldEntry>();
      for (const { isAdded, ...at } of steps) {
        const entry = phone(at);
        const key = `${at.target} ${at.name}`;
        if (isAdded) {
          index.set(entry);
          expected.set(key, entry);
        } else {
          const known = index.get(entry);
          if (known) index.delete(known);
          expected.delete(key);
        }
      }
      const found = index.overlapping(asked).map((entry) => `${entry.target} ${entry.name}`);
      const wanted = [...expected].filter(([, entry]) => overlaps(entry.target, asked)).map(([key]) => key);
      expect(found.toSorted()).toEqual(wanted.toSorted());
      expect(index.all()).toHaveLength(expected.size);
      expect(index.ofKind('phone')).toHaveLength(expected.size);
    }),
  );
});
