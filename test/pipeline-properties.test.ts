// What must hold whatever happens: nobody can make sipwarden cut off our own phones and trunks with forged packets.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Observation } from '../src/model/observation.ts';
import { day, hour, run, shield, start } from './flow.ts';
import { failure, pbx, probe, scan, success } from './observations.ts';

/** Phones, a trunk, an administrator, a gateway, an allowlisted network, ourselves, and strangers. */
const ours = ['203.0.113.10', '203.0.113.11', '203.0.113.20', '203.0.113.30', '203.0.113.40', '203.0.113.64'];
const strangers = ['203.0.113.90', '203.0.113.91'];
const ipv6 = ['2001:db8:9::10', '2001:db8:9::66'];
const hosts = [...ours, ...strangers, ...ipv6, pbx.address];

const anyAsserted = fc.record({
  kind: fc.constantFrom('failure', 'probe', 'scan', 'success'),
  host: fc.constantFrom(...hosts),
  port: fc.constantFrom(5_060, 7_001, 7_002),
  account: fc.integer({ min: 1, max: 12 }),
  afterMs: fc.integer({ min: -50, max: 2_000 }),
  sensor: fc.constantFrom('packets' as const, 'ami' as const, 'hep' as const),
  because: fc.constantFrom('unknown-account' as const, 'unanswered-challenge' as const),
  messages: fc.constantFrom(1, 1, 1, 30),
});

function guardedHost() {
  const flow = run({}, [
    shield({ target: '203.0.113.10' }),
    shield({ target: '203.0.113.11', provenSince: start }),
    shield({ target: '2001:db8:9::10' }),
  ]);
  const { pipeline, allowlist } = flow;
  allowlist.add({ target: '203.0.113.64', note: '', author: 'root', time: start });
  pipeline.know({
    kind: 'trunks',
    time: start,
    trunks: [{ network: '203.0.113.20', endpoint: 'provider', because: 'identify' }],
  });
  pipeline.know({
    kind: 'administrators',
    time: start,
    sessions: [{ address: '203.0.113.30', user: 'root', via: 'ssh', since: start }],
  });
  pipeline.know({ kind: 'gateways', time: start, addresses: ['203.0.113.40'] });
  return flow;
}

test('no sequence of asserted-only observations ever yields a ban, or anything at all on one who is ours', () => {
  fc.assert(
    fc.property(fc.array(anyAsserted, { maxLength: 200 }), (events) => {
      const { pipeline, decided, shieldChanges } = guardedHost();
      const makers = { failure, probe: (some: object) => probe('', some), scan, success };
      let time = start;
      const observations = events.map((event): Observation => {
        const { kind, host, port, account, afterMs, sensor, because, messages } = event;
        time += afterMs;
        const source = { address: host, port };
        const some = {
          time,
          source,
          sensor,
          messages,
          account: `${account}`,
          nonce: 'x',
          callId: 'y',
          because,
        };
        return makers[kind as keyof typeof makers](some);
      });
      pipeline.observe(observations);
      pipeline.end();

      expect(decided.filter(({ action }) => !['drop', 'notice'].includes(action))).toEqual([]);
      const dropped = decided.filter(({ action }) => action === 'drop').map(({ target }) => target);
      expect(dropped.filter((target) => ![...strangers].includes(target))).toEqual([]);
      expect(shieldChanges.flatMap(({ passes }) => passes).filter(({ isOver }) => isOver)).toEqual([]);
    }),
    { numRuns: 100 },
  );
}, 120_000);

test('whatever is proven, the whole of an address that is configured, old, or an office is never blocked by itself', () => {
  const anyProven = anyAsserted.map((event) => ({ ...event, isProven: event.account % 3 !== 0 }));
  const kept = [
    '203.0.113.10',
    '203.0.113.20',
    '203.0.113.30',
    '203.0.113.40',
    '203.0.113.64',
    '2001:db8:9::10',
  ];
  fc.assert(
    fc.property(fc.array(anyProven, { maxLength: 200 }), (events) => {
      const { pipeline, decided } = guardedHost();
      const makers = { failure, probe: (some: object) => probe('', some), scan, success };
      let time = start;
      const observations = events.map(
        ({ kind, host, port, account, afterMs, isProven, ...rest }): Observation => {
          time += afterMs;
          const proof = isProven
            ? ({ level: 'proven', by: 'connection', seenBy: 'packets', time } as const)
            : ({ level: 'asserted' } as const);
          const source = { address: host, port };
          return makers[kind as keyof typeof makers]({ time, source, proof, account: `${account}`, ...rest });
        },
      );
      pipeline.observe(observations);
      pipeline.end();

      const whole = decided.filter(({ action }) => action === 'ban' || action === 'drop');
      const hit = whole.filter(({ target }) => pipeline.protection.against(target, start + hour).length > 0);
      expect(whole.filter(({ target }) => kept.includes(target))).toEqual([]);
      expect(whole.filter(({ target }) => target.includes('/'))).toEqual([]);
      expect(hit.map(({ target }) => target).filter((target) => kept.includes(target))).toEqual([]);
      for (const { target, port } of decided.filter(({ action }) => action === 'port-ban')) {
        expect(['203.0.113.20', '203.0.113.30', '203.0.113.64', pbx.address]).not.toContain(target);
        expect(target === '203.0.113.10' && port?.port === 5_060).toBe(false);
      }
    }),
    { numRuns: 100 },
  );
}, 120_000);

test('a phone that stays away longer than its registration and the time after it is a stranger again', () => {
  const { pipeline, actions } = run({}, [shield({ until: start + hour })]);
  expect(pipeline.shield.covering('203.0.113.66', start + hour - 1)).toHaveLength(1);
  expect(pipeline.shield.covering('203.0.113.66', start + hour)).toHaveLength(0);
  pipeline.observe(Array.from({ length: 11 }, () => failure({ time: start + day })));
  expect(actions()).toEqual(['drop 203.0.113.66']);
});
