import { describe, expect, test } from '@jest/globals';
import { configSchema } from '../src/config-schema.ts';
import { day, guesses, hour, provenGuesses, run, start } from './flow.ts';
import { geographyOf } from './geographies.ts';
import { excess, failure, pbx, probe, proven, scan, success } from './observations.ts';

describe('the proof ladder', () => {
  test('bans a proven guesser for an hour', () => {
    const { pipeline, decided } = run();
    pipeline.observe(provenGuesses());
    expect(decided).toMatchObject([
      { action: 'ban', target: '203.0.113.66', until: start + 100 + hour, enforced: true },
    ]);
  });

  test('drops an asserted one for five minutes, and says that it could be forged', () => {
    const { pipeline, decided, attacks } = run();
    pipeline.observe(guesses());
    expect(decided).toMatchObject([{ action: 'drop', until: start + 100 + 300_000 }]);
    expect(decided[0]?.reason).toMatch(/could have been forged/);
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
    const { pipeline, decided, attacks } = run();
    pipeline.observe(guesses({ proof: proven() }, start, 40));
    expect(decided).toHaveLength(1);
    expect(attacks()).toMatchObject([{ messages: 40, action: 'ban' }]);
  });

  test('the attack record says where the source is, as far as it is known', () => {
    const origin = { country: 'DE', autonomousSystem: { number: 64_496, name: 'Example' } };
    const { pipeline, attacks } = run({}, [], geographyOf({ '203.0.113.66': origin }));
    pipeline.observe([
      ...provenGuesses(),
      ...provenGuesses(start, { source: { address: '192.0.2.9', port: 1 } }),
    ]);
    expect(attacks()).toMatchObject([origin, {}]);
    expect(attacks()[1]).not.toHaveProperty('country');
  });

  test('doubles the ban of a repeater, up to seven days', () => {
    const { pipeline, decided } = run();
    for (let round = 0; round < 12; round += 1) pipeline.observe(provenGuesses(start + round * 8 * day));
    const hours = decided.map(({ time, until }) => ((until ?? 0) - time) / hour);
    expect(hours.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 168]);
  });

  test('forgives a source that was quiet for a month', () => {
    const { pipeline, decided } = run();
    pipeline.observe([...provenGuesses(), ...provenGuesses(start + 31 * day)]);
    expect(decided.map(({ offence }) => offence)).toEqual([1, 1]);
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
    const { pipeline, decided } = run({ mode: 'observe' });
    pipeline.observe(provenGuesses());
    expect(decided).toMatchObject([{ action: 'ban', enforced: false }]);
  });

  test('blocks a source that was only observed as soon as it is armed', () => {
    const { pipeline, decided } = run({ mode: 'observe' });
    pipeline.observe(provenGuesses());
    pipeline.configure(configSchema.parse({}));
    pipeline.observe([failure({ time: start + 200, proof: proven() })]);
    expect(decided.map(({ enforced }) => enforced)).toEqual([false, true]);
  });

  test('keeps a proven attacker out for one more ban time as long as his packets go on, up to seven days', () => {
    const { pipeline, decided } = run();
    pipeline.observe(provenGuesses());
    const [first] = decided;
    let until = first!.until!;
    for (let round = 0; round < 300; round += 1) {
      pipeline.prolong(until + 1, () => true);
      until = decided.at(-1)!.until!;
    }
    const hours = decided.map((decision) => (decision.until! - first!.time) / hour);
    expect(hours.slice(0, 4)).toEqual([1, 2, 3, 4]);
    expect(hours.at(-1)).toBe(7 * 24);
    expect(new Set(decided.map(({ id }) => id)).size).toBe(1);
    expect(decided[2]?.reason).toMatch(/: ban for 1h, 3h in all as its packets go on$/);
    expect(pipeline.inForce(until - 1)).toHaveLength(1);
    expect(pipeline.inForce(until)).toEqual([]);
  });

  test('keeps a dropped source out for one more time at most, since its packets could be forged too', () => {
    const { pipeline, decided } = run();
    pipeline.observe(guesses());
    for (let round = 0; round < 5; round += 1) pipeline.prolong(start + day, () => true);
    expect(decided.map(({ until, time }) => until! - time)).toEqual([300_000, 600_000]);
  });

  test('lets in whoever is quiet, whoever a person banned, and whoever has time left', () => {
    const { pipeline, decided } = run();
    pipeline.observe(provenGuesses());
    pipeline.ban({ target: '192.0.2.7', time: start, until: start + hour, by: 'root', note: '' });
    pipeline.prolong(start + day, ({ target }) => target === '192.0.2.7');
    pipeline.prolong(start + hour / 2, () => true);
    expect(decided).toHaveLength(2);
  });

  test('notices a banned source that still gets through, but not what was on its way when the ban began', () => {
    const { pipeline, passed } = run();
    pipeline.observe(provenGuesses());
    pipeline.observe([failure({ time: start + 1_500 }), probe('200', { time: start + 9_000 })]);
    expect(passed).toEqual([]);
    pipeline.observe([failure({ time: start + 3_000 }), scan({ time: start + 3_000 })]);
    expect(passed).toEqual(['authentication-failed 203.0.113.66', 'signature-match 203.0.113.66']);
  });

  test('notices nobody whose ban is over, lifted or only observed', async () => {
    const { pipeline, passed } = run();
    pipeline.observe(provenGuesses());
    pipeline.observe([scan({ time: start + 2 * hour })]);
    await pipeline.unban('203.0.113.66', 'root', start + 2 * hour + 1);
    pipeline.observe([failure({ time: start + 3 * hour })]);
    const observing = run({ mode: 'observe' });
    observing.pipeline.observe([...provenGuesses(), failure({ time: start + 3_000 })]);
    expect([...passed, ...observing.passed]).toEqual([]);
  });

  test('raises an alarm where a stranger guesses at an account and then uses it', () => {
    const { pipeline, urgent, decided } = run();
    pipeline.observe(guesses({ proof: proven() }, start, 6));
    pipeline.observe([success({ time: start + 1_000, proof: proven() })]);
    expect(urgent).toEqual(['compromised-account 203.0.113.66']);
    expect(decided.map(({ action }) => action)).toEqual(['expel']);
  });

  test('slows a source that sends too many INVITEs and never bans it for that, however long', () => {
    const { pipeline, decided, attacks } = run();
    for (let minute = 0; minute < 600; minute += 1) {
      pipeline.observe([excess('invite', { time: start + minute * 60_000 })]);
    }
    expect(new Set(decided.map(({ action }) => action))).toEqual(new Set(['limit']));
    expect(decided[0]).toMatchObject({ limit: 'invite', until: start + 60_000, enforced: true });
    expect(attacks()).toMatchObject([{ attack: 'invite-flood', action: 'limit', messages: 600 }]);
  });

  test('slows one source for two things apart, and unban ends both', async () => {
    const { pipeline, decided, unblocked } = run();
    pipeline.observe([excess('invite', { time: start }), excess('tftp', { time: start })]);
    expect(decided).toHaveLength(2);
    expect(pipeline.inForce(start)).toHaveLength(2);
    await pipeline.unban('203.0.113.66', 'root', start);
    expect(unblocked).toEqual(['203.0.113.66 invite tftp']);
    expect(pipeline.inForce(start)).toEqual([]);
  });

  test('only tells of an excess of somebody who is ours', () => {
    const { pipeline, actions, allowlist } = run();
    allowlist.add({ target: '203.0.113.0/24', note: 'office', author: 'root', time: start });
    pipeline.observe([excess('invite', { time: start })]);
    expect(actions()).toEqual(['notice 203.0.113.66']);
  });

  test('starts afresh with a source that a person has unbanned', async () => {
    const { pipeline, decided, unblocked } = run();
    pipeline.observe(provenGuesses());
    await pipeline.unban('203.0.113.66', 'root', start + 500);
    pipeline.observe([failure({ time: start + 1_000, proof: proven() })]);
    expect(decided).toHaveLength(1);
    expect(unblocked).toEqual(['203.0.113.66']);
  });

  test('starts afresh with an IPv6 source also where its whole /48 was counted as one', async () => {
    const { pipeline, decided } = run();
    const from = (address: string, time: number) =>
      pipeline.observe([failure({ time, proof: proven(), source: { address, port: 5_060 } })]);
    for (const host of [1, 2, 3, 4]) from(`192.0.2.${host}`, start + host);
    from('2001:db8:7:1::1', start + 5);
    await pipeline.unban('2001:db8:7:1::/64', 'root', start + 6);
    from('192.0.2.5', start + 7);
    expect(decided).toEqual([]);
    from('192.0.2.6', start + 8);
    expect(decided).toMatchObject([{ cause: { attack: 'distributed-bruteforce' } }]);
  });

  test('records what a detector finds that only observes, and blocks nobody for it', () => {
    const { pipeline, decided, attacks } = run({
      detect: { 'registration-bruteforce': { state: 'observe' } },
    });
    pipeline.observe(provenGuesses());
    expect(decided).toMatchObject([{ action: 'ban', enforced: false }]);
    expect(attacks()).toMatchObject([{ attack: 'registration-bruteforce' }]);
    expect(pipeline.fired('registration-bruteforce')).toEqual({ count: 1, lastTime: start + 100 });
  });

  test('does not look for what is switched off', () => {
    const { pipeline, decided, attacks } = run({ detect: { 'registration-bruteforce': { state: 'off' } } });
    pipeline.observe(provenGuesses());
    expect([...decided, ...attacks()]).toEqual([]);
    expect(pipeline.fired('registration-bruteforce')).toEqual({ count: 0 });
  });

  test('judges some sources and victims by options of their own, the last that fits', () => {
    const override = (some: object, hit_count: number) => ({
      ...some,
      'registration-bruteforce': { hit_count },
    });
    const { pipeline, decided } = run({
      detect: {
        override: [
          override({ sources: ['203.0.113.0/24'] }, 1),
          override({ sources: ['203.0.113.66'], victims: [pbx.address] }, 40),
        ],
      },
    });
    const from = (address: string, local = pbx) =>
      pipeline.observe(
        provenGuesses().map((guess) => ({ ...guess, source: { address, port: 5_060 }, local })),
      );
    for (const address of ['203.0.113.66', '203.0.113.67', '192.0.2.9']) from(address);
    expect(decided.map(({ target, time }) => [target, time - start])).toEqual([
      ['203.0.113.67', 10],
      ['192.0.2.9', 100],
    ]);
    from('203.0.113.66', { ...pbx, address: '198.51.100.2' as typeof pbx.address });
    expect(decided.at(-1)).toMatchObject({ target: '203.0.113.66' });
  });

  test('applies new settings at once and keeps what unchanged detectors have counted', () => {
    const { pipeline, actions } = run();
    pipeline.observe(provenGuesses().slice(0, 10));
    pipeline.configure(configSchema.parse({ decide: { ban_time: '2h' } }));
    pipeline.observe([failure({ time: start + 200, proof: proven() })]);
    expect(actions()).toEqual(['ban 203.0.113.66']);
  });
});
