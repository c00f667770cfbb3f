import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { configSchema } from '../src/config-schema.ts';
import { createAddressList } from '../src/decide/address-list.ts';
import type { Attack } from '../src/model/attack.ts';
import type { Decision } from '../src/model/decision.ts';
import type { Observation } from '../src/model/observation.ts';
import type { ShieldEntry } from '../src/model/shield-entry.ts';
import { createPipeline } from '../src/pipeline.ts';
import { failure, pbx, probe, proven, scan, success } from './observations.ts';

const hour = 3_600_000;
const day = 24 * hour;
const start = 100 * day;

function run(changes: Record<string, unknown> = {}, shielded: readonly ShieldEntry[] = []) {
  const blocked: Decision[] = [];
  const attacks = new Map<string, Attack>();
  const unblocked: string[] = [];
  let ids = 0;
  const allowlist = createAddressList();
  const pipeline = createPipeline({
    settings: configSchema.parse(changes),
    allowlist,
    ownAddresses: () => [pbx.address],
    newId: () => `${ids++}`,
    shielded,
    effects: {
      block: async (decision) => void blocked.push(decision),
      unblock: async (target) => void unblocked.push(target),
      shield: () => undefined,
      unshield: () => undefined,
      report: (attack) => void attacks.set(attack.id, attack),
    },
  });
  const actions = () => blocked.map(({ action, target }) => `${action} ${target}`);
  return { pipeline, blocked, actions, attacks: () => [...attacks.values()], allowlist, unblocked };
}
const guesses = (some: Parameters<typeof failure>[0] = {}, at = start, count = 11) =>
  Array.from({ length: count }, (_, index) => failure({ time: at + index * 10, ...some }));
const provenGuesses = (at = start) => guesses({ proof: proven(at) }, at);
const shield = (some: Partial<ShieldEntry> = {}): ShieldEntry => ({
  address: '203.0.113.66',
  account: '100',
  since: start - 10 * day,
  provenSince: start - 10 * day,
  lastSeen: start,
  until: start + day,
  ...some,
});

describe('the proof ladder', () => {
  test('bans a proven guesser for an hour', () => {
    const { pipeline, blocked } = run();
    pipeline.observe(provenGuesses());
    expect(blocked).toMatchObject([
      { action: 'ban', target: '203.0.113.66', until: start + 100 + hour, enforced: true },
    ]);
  });

  test('drops an asserted one for five minutes, and says that it could be forged', () => {
    const { pipeline, blocked, attacks } = run();
    pipeline.observe(guesses());
    expect(blocked).toMatchObject([{ action: 'drop', until: start + 100 + 300_000 }]);
    expect(blocked[0]?.reason).toMatch(/could have been forged/);
    expect(attacks()).toMatchObject([
      { attack: 'registration-bruteforce', proof: 'asserted', action: 'drop' },
    ]);
  });

  test('bans a dropped source once its evidence is proven', () => {
    const { pipeline, actions } = run();
    pipeline.observe([...guesses(), ...provenGuesses(start + 1_000)]);
    expect(actions()).toEqual(['drop 203.0.113.66', 'ban 203.0.113.66']);
  });

  test('decides once while a ban is in force, and the attack record grows', () => {
    const { pipeline, blocked, attacks } = run();
    pipeline.observe(guesses({ proof: proven() }, start, 40));
    expect(blocked).toHaveLength(1);
    expect(attacks()).toMatchObject([{ messages: 40, action: 'ban' }]);
  });

  test('doubles the ban of a repeater, up to seven days', () => {
    const { pipeline, blocked } = run();
    for (let round = 0; round < 12; round += 1) pipeline.observe(provenGuesses(start + round * 8 * day));
    const hours = blocked.map(({ time, until }) => ((until ?? 0) - time) / hour);
    expect(hours.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 168]);
  });

  test('forgives a source that was quiet for a month', () => {
    const { pipeline, blocked } = run();
    pipeline.observe([...provenGuesses(), ...provenGuesses(start + 31 * day)]);
    expect(blocked.map(({ offence }) => offence)).toEqual([1, 1]);
  });

  test('never touches an allowlisted network, our own address or loopback, whatever is proven', () => {
    const { pipeline, actions, allowlist } = run();
    allowlist.add({ target: '203.0.113.0/24', note: 'office', author: 'root', time: start });
    for (const address of ['203.0.113.66', pbx.address, '127.0.0.1', '::1', '224.0.0.1']) {
      pipeline.observe(provenGuesses().map((one) => ({ ...one, source: { address, port: 5060 } })));
    }
    expect(actions().every((action) => action.startsWith('notice'))).toBe(true);
  });

  test('does not drop a registered phone on forged evidence', () => {
    const { pipeline, actions, attacks } = run();
    pipeline.observe([success({ time: start })]);
    pipeline.observe([
      ...guesses({}, start + 1_000, 20),
      scan({ time: start + 2_000 }),
      ...[1, 2, 3, 4, 5, 6].map((n) => probe(`${n}`, { time: start + 3_000 })),
    ]);
    expect(new Set(actions())).toEqual(new Set(['notice 203.0.113.66']));
    expect(attacks().map(({ proof }) => proof)).toEqual(['asserted', 'asserted', 'asserted']);
  });

  test('does not let a phone that proved itself make forged evidence proven', () => {
    const { pipeline, attacks } = run();
    pipeline.observe([success({ time: start, proof: proven(start) }), ...guesses({}, start + 1_000, 20)]);
    expect(attacks().map(({ proof }) => proof)).toEqual(['asserted']);
  });

  test('does not let a young registration cover proven guessing', () => {
    const { pipeline, actions } = run({}, [shield({ provenSince: start - hour })]);
    pipeline.observe(provenGuesses());
    expect(actions()).toEqual(['ban 203.0.113.66']);
  });

  test('leaves an address that has long been ours to a person', () => {
    const { pipeline, actions, blocked } = run({}, [shield()]);
    pipeline.observe(provenGuesses());
    expect(actions()).toEqual(['notice 203.0.113.66']);
    expect(blocked[0]?.reason).toMatch(/a person has to decide/);
  });

  test('does not shield whoever gets in after proven failures', () => {
    const { pipeline } = run();
    pipeline.observe([failure({ time: start, proof: proven(start) }), success({ time: start + 1_000 })]);
    expect(pipeline.shield.entries(start + 2_000)).toHaveLength(0);
  });

  test('shields a phone although somebody forges failures in its name', () => {
    const { pipeline } = run();
    pipeline.observe([failure({ time: start }), success({ time: start + 1_000 })]);
    expect(pipeline.shield.entries(start + 2_000)).toHaveLength(1);
  });

  test('blocks nobody in observe mode, and says what it would have done', () => {
    const { pipeline, blocked } = run({ mode: 'observe' });
    pipeline.observe(provenGuesses());
    expect(blocked).toMatchObject([{ action: 'ban', enforced: false }]);
  });

  test('blocks a source that was only observed as soon as it is armed', () => {
    const { pipeline, blocked } = run({ mode: 'observe' });
    pipeline.observe(provenGuesses());
    pipeline.configure(configSchema.parse({}));
    pipeline.observe([failure({ time: start + 200, proof: proven() })]);
    expect(blocked.map(({ enforced }) => enforced)).toEqual([false, true]);
  });

  test('starts afresh with a source that a person has unbanned', async () => {
    const { pipeline, blocked, unblocked } = run();
    pipeline.observe(provenGuesses());
    await pipeline.unban('203.0.113.66', 'root');
    pipeline.observe([failure({ time: start + 1_000, proof: proven() })]);
    expect(blocked).toHaveLength(1);
    expect(unblocked).toEqual(['203.0.113.66']);
  });

  test("refuses a person's ban of a shielded address unless forced, and of our own address always", () => {
    const { pipeline } = run({}, [shield()]);
    const order = {
      target: '203.0.113.66',
      time: start,
      until: start + hour,
      by: 'root',
      note: '',
      force: false,
    };
    expect(pipeline.ban(order)).toMatchObject({ refused: { because: 'shielded' } });
    expect(pipeline.ban({ ...order, force: true })).toMatchObject({ decision: { action: 'ban' } });
    expect(pipeline.ban({ ...order, target: '198.51.100.0/24', force: true })).toMatchObject({
      refused: { because: 'own' },
    });
  });

  test('applies new settings at once and keeps what unchanged detectors have counted', () => {
    const { pipeline, actions } = run();
    pipeline.observe(provenGuesses().slice(0, 10));
    pipeline.configure(configSchema.parse({ decide: { ban_time: '2h' } }));
    pipeline.observe([failure({ time: start + 200, proof: proven() })]);
    expect(actions()).toEqual(['ban 203.0.113.66']);
  });

  test('never blocks a shielded or allowlisted address, nor bans anybody, on asserted evidence alone', () => {
    const anyAsserted = fc.record({
      kind: fc.constantFrom('failure', 'probe', 'scan', 'success'),
      host: fc.integer({ min: 60, max: 66 }),
      account: fc.integer({ min: 1, max: 12 }),
      at: fc.integer({ min: 0, max: 60 }),
      sensor: fc.constantFrom('packets' as const, 'ami' as const),
    });
    fc.assert(
      fc.property(fc.array(anyAsserted, { maxLength: 200 }), (events) => {
        const { pipeline, blocked, allowlist } = run({}, [
          shield(),
          shield({ address: '203.0.113.65', provenSince: start }),
        ]);
        allowlist.add({ target: '203.0.113.64', note: '', author: 'root', time: start });
        const makers = { failure, probe: (some: object) => probe('', some), scan, success };
        let time = start;
        const observations = events.map(({ kind, host, account, at, sensor }): Observation => {
          time += at;
          const source = { address: `203.0.113.${host}`, port: 5060 };
          return makers[kind as keyof typeof makers]({
            time,
            source,
            sensor,
            account: String(account),
            nonce: 'x',
          });
        });
        pipeline.observe(observations);
        pipeline.end();
        const ours = ['203.0.113.64', '203.0.113.65', '203.0.113.66'];
        expect(blocked.filter(({ action }) => action === 'ban')).toEqual([]);
        expect(blocked.filter(({ action, target }) => action === 'drop' && ours.includes(target))).toEqual(
          [],
        );
      }),
    );
  });
});
