// What the shield changes: an address where ours are is never cut off as a whole without a person.
import { describe, expect, test } from '@jest/globals';
import type { Endpoint } from '../src/model/detection.ts';
import {
  day,
  guesses,
  hour,
  minute,
  provenGuesses,
  registrations,
  run,
  second,
  shield,
  start,
} from './flow.ts';
import { attacker, failure, probe, proven, scan, success } from './observations.ts';

const office = attacker.address;
/** Guesses from one source port of the office. */
const fromPort = (port: number, at = start, some: Parameters<typeof failure>[0] = {}) =>
  provenGuesses(at, { source: { address: office, port }, ...some });

describe('an address that has long been ours', () => {
  test('has the one source port blocked that a proven attack comes from, for ten minutes', () => {
    const { pipeline, decided } = run({}, [shield()]);
    pipeline.observe(fromPort(7_001));
    expect(decided).toMatchObject([
      {
        action: 'port-ban',
        target: office,
        port: { protocol: 'udp', port: 7_001 },
        until: start + 100 + 10 * minute,
        enforced: true,
        behind: { phones: 1, trunks: 0, calls: 0, names: ['100'] },
      },
    ]);
  });

  test('has the tcp port blocked where the attack comes over a connection', () => {
    const { pipeline, decided } = run({}, [shield()]);
    pipeline.observe(fromPort(7_001, start, { transport: 'tls', account: 'x' }));
    expect(decided).toMatchObject([{ action: 'port-ban', port: { protocol: 'tcp', port: 7_001 } }]);
  });

  test('is left to a person where a contact uses the very port', () => {
    const { pipeline, decided, actions } = run({}, [shield()]);
    pipeline.observe(fromPort(5_060));
    expect(actions()).toEqual([`held ${office}`]);
    expect(decided[0]).toMatchObject({ enforced: false, until: start + 100 + day });
  });

  test('has another proven port blocked where a contact uses the newest', () => {
    const { pipeline, actions } = run({}, [shield()]);
    const own = failure({ time: start + 200, source: { address: office, port: 5_060 }, proof: proven() });
    pipeline.observe([...fromPort(7_001).slice(0, 10), own]);
    expect(actions()).toEqual([`port-ban ${office}:7001`]);
  });

  test('is left to a person after three ports within ten minutes, and further ports are blocked all the same', () => {
    const { pipeline, actions } = run({}, [shield()]);
    for (const port of [7_001, 7_002, 7_003, 7_004, 7_005]) {
      pipeline.observe(fromPort(port, start + port * second));
    }
    expect(actions()).toEqual([
      `port-ban ${office}:7001`,
      `port-ban ${office}:7002`,
      `port-ban ${office}:7003`,
      `held ${office}`,
      `port-ban ${office}:7004`,
      `port-ban ${office}:7005`,
    ]);
  });

  test('is left to a person at once where the attack changes its port with each guess', () => {
    const { pipeline, actions } = run({}, [shield()]);
    pipeline.observe(
      fromPort(7_001).map((one, index) => ({ ...one, source: { address: office, port: 7_001 + index } })),
    );
    expect(actions()).toEqual([`held ${office}`]);
  });

  test('is not told of again for guesses that were on their way when the port was blocked', () => {
    const { pipeline, actions } = run({}, [shield()]);
    pipeline.observe([...fromPort(7_001), ...fromPort(7_001, start + 200)]);
    expect(actions()).toEqual([`port-ban ${office}:7001`]);
  });

  test('is not asked about for ports that were blocked long ago', () => {
    const { pipeline, actions } = run({}, [shield({ until: start + 30 * day })]);
    for (const hours of [0, 1, 2, 3, 4]) pipeline.observe(fromPort(7_001 + hours, start + hours * hour));
    expect(actions().filter((action) => action.startsWith('held'))).toEqual([]);
  });

  test('is never touched on evidence that could have been forged', () => {
    const { pipeline, actions } = run({}, [shield()]);
    pipeline.observe([
      ...guesses({}, start, 50),
      scan({ time: start + minute }),
      ...Array.from({ length: 20 }, (_, index) => probe(`${index}`, { time: start + 2 * minute })),
    ]);
    expect(new Set(actions())).toEqual(new Set([`notice ${office}`]));
  });

  test('loses no port because of forged packets beside a proven attack from another', () => {
    const { pipeline, actions } = run({}, [shield()]);
    const forged = guesses({ source: { address: office, port: 9_999 } }, start + 50, 20);
    pipeline.observe([...fromPort(7_001), ...forged]);
    expect(actions()).toEqual([`port-ban ${office}:7001`]);
  });

  test('has a blocked port let in again when a phone of ours turns out to use it', () => {
    const { pipeline, unblocked } = run({}, [shield()]);
    pipeline.observe(fromPort(7_001));
    const source = { address: office, port: 7_001 };
    pipeline.observe([success({ time: start + minute, sensor: 'ami', source })]);
    expect(unblocked).toEqual([`${office} 7001`]);
  });
});

describe('a young shield', () => {
  test('does not cover proven guessing: a stolen account is banned with its shield', () => {
    const { pipeline, actions, shieldChanges } = run({}, [shield({ provenSince: start - hour })]);
    pipeline.observe(provenGuesses());
    expect(actions()).toEqual([`ban ${office}`]);
    expect(pipeline.shield.covering(office, start + minute)).toEqual([]);
    expect(shieldChanges.flatMap(({ passes }) => passes)).toContainEqual({ target: office, isOver: true });
  });

  test('does not come back while the ban lasts, whatever is learned meanwhile', () => {
    const { pipeline } = run({}, [shield({ provenSince: start - hour })]);
    pipeline.observe(provenGuesses());
    pipeline.observe([success({ time: start + minute, sensor: 'ami', proof: proven() })]);
    pipeline.know({
      kind: 'calls',
      time: start + minute,
      calls: [{ peer: attacker, channel: 'PJSIP/100-00000001', endpoint: '100', since: start }],
    });
    expect(pipeline.shield.covering(office, start + 2 * minute)).toEqual([]);
    expect(pipeline.shield.covering(office, start + 2 * hour)).not.toEqual([]);
  });

  test('of five accounts behind one address is an office: one port is blocked, not the address', () => {
    const { pipeline, actions } = run();
    pipeline.observe(registrations(5, start));
    pipeline.observe(fromPort(7_001, start + minute));
    expect(actions()).toEqual([`port-ban ${office}:7001`]);
  });

  test('of one account that registers five times is no office', () => {
    const { pipeline, actions } = run();
    const again = registrations(5, start).map((one) => ({ ...one, account: 'stolen' }));
    pipeline.observe(again);
    pipeline.observe(fromPort(7_001, start + minute));
    expect(actions()).toEqual([`ban ${office}`]);
  });

  test('of five accounts whose successes nobody saw echo a nonce is no office', () => {
    const { pipeline, actions } = run();
    pipeline.observe(
      registrations(5, start).map((one) => ({ ...one, proof: { level: 'asserted' } as const })),
    );
    pipeline.observe(fromPort(7_001, start + minute, { account: 'x' }));
    // Five phones are more than the blast radius allows all the same: a port, not the address.
    expect(actions()).toEqual([`port-ban ${office}:7001`]);
  });

  test('with more behind it than the blast radius allows is not banned as a whole', () => {
    const { pipeline, actions } = run({ shield: { blast_radius: 1 } });
    pipeline.observe(registrations(2, start));
    pipeline.observe(fromPort(7_001, start + minute));
    expect(actions()).toEqual([`port-ban ${office}:7001`]);
  });

  test('that a live call makes softens nothing', () => {
    const { pipeline, actions } = run();
    const peer: Endpoint = { ...attacker, transport: 'udp' };
    pipeline.know({
      kind: 'calls',
      time: start,
      calls: [{ peer, channel: 'PJSIP/100-00000001', endpoint: '100', since: start - 2 * day }],
    });
    pipeline.observe(fromPort(7_001, start + minute));
    expect(actions()).toEqual([`ban ${office}`]);
  });

  test('is not earned by success after proven failures', () => {
    const { pipeline } = run();
    pipeline.observe([failure({ time: start, proof: proven(start) }), success({ time: start + second })]);
    expect(pipeline.shield.entries(start + minute)).toEqual([]);
  });

  test('is not taken away by failures that somebody forged', () => {
    const { pipeline } = run();
    pipeline.observe([...guesses(), success({ time: start + second })]);
    expect(pipeline.shield.entries(start + minute)).toHaveLength(1);
  });
});

describe('a phone with a wrong password', () => {
  const retries = (everyMs: number, some: Parameters<typeof failure>[0] = {}) =>
    Array.from({ length: 12 }, (_, index) =>
      failure({
        time: start + index * everyMs,
        account: '204',
        userAgent: 'Yealink T46S',
        source: { address: office, port: 7_000 },
        proof: proven(),
        ...some,
      }),
    );

  test('in an office is named, with its program, and nothing is blocked', () => {
    const { pipeline, decided, actions } = run({}, [shield()]);
    pipeline.observe(retries(30 * second));
    expect(actions()).toEqual([`stale-phone ${office}`]);
    expect(decided[0]).toMatchObject({
      phone: { account: '204', userAgent: 'Yealink T46S', everyMs: 30_000 },
      enforced: false,
    });
  });

  test('is told apart from a guesser, who does not wait', () => {
    const { pipeline, actions } = run({}, [shield()]);
    pipeline.observe(retries(100));
    expect(actions()).toEqual([`port-ban ${office}:7000`]);
  });

  test('is told apart from a guesser who comes unevenly, tries several accounts or has several names', () => {
    const uneven = retries(5 * second).map((one, index) => ({
      ...one,
      time: one.time + (index % 2) * 3_000,
    }));
    const accounts = retries(5 * second).map((one, index) => ({ ...one, account: `${index % 2}` }));
    const agents = retries(5 * second).map((one, index) => ({ ...one, userAgent: `${index % 2}` }));
    for (const tries of [uneven, accounts, agents]) {
      const { pipeline, actions } = run({}, [shield()]);
      pipeline.observe(tries.toSorted((one, other) => one.time - other.time));
      expect(actions()).toEqual([`port-ban ${office}:7000`]);
    }
  });

  test('is named although somebody forges failures of others under its address', () => {
    const { pipeline, actions } = run({}, [shield()]);
    const forged = retries(7 * second, { account: '100', userAgent: 'forger', proof: { level: 'asserted' } });
    pipeline.observe([...retries(30 * second), ...forged].toSorted((one, other) => one.time - other.time));
    expect(actions()).toEqual([`notice ${office}`, `stale-phone ${office}`]);
  });

  test('is named although it comes from another port each time', () => {
    const { pipeline, actions } = run({}, [shield()]);
    pipeline.observe(
      retries(30 * second).map((one, index) => ({
        ...one,
        source: { address: office, port: 8_000 + index },
      })),
    );
    expect(actions()).toEqual([`stale-phone ${office}`]);
  });

  test('is named beside an attacker behind the same address, whose port is blocked', () => {
    const { pipeline, decided, actions } = run({}, [shield()]);
    const attack = fromPort(7_001, start + 61 * second, { account: '100' });
    pipeline.observe([...retries(30 * second), ...attack].toSorted((one, other) => one.time - other.time));
    expect(actions()).toEqual([`port-ban ${office}:7001`, `stale-phone ${office}`]);
    expect(decided[1]?.phone?.account).toBe('204');
  });

  test('does not cover an attacker who guesses the password of the very same account', () => {
    const { pipeline, actions } = run({}, [shield()]);
    const attack = fromPort(7_001, start + 61 * second, { account: '204' });
    pipeline.observe([...retries(30 * second), ...attack].toSorted((one, other) => one.time - other.time));
    expect(actions()[0]).toBe(`port-ban ${office}:7001`);
  });

  describe('at an address where nobody is known', () => {
    const many = (everyMs: number, count: number, some: Parameters<typeof failure>[0] = {}) =>
      Array.from({ length: count }, (_, index) => ({
        ...retries(0, some)[0]!,
        time: start + index * everyMs,
      }));

    test.each([30 * second, 5 * minute])('is named and not blocked, every %p ms', (everyMs) => {
      const { pipeline, decided, actions } = run();
      pipeline.observe(many(everyMs, 200));
      expect(new Set(actions())).toEqual(new Set([`stale-phone ${office}`]));
      expect(decided[0]?.phone).toMatchObject({ account: '204', everyMs });
    });

    test('is taken for a guesser after two hundred failures', () => {
      const { pipeline, actions } = run();
      pipeline.observe(many(30 * second, 201));
      expect(actions().at(-1)).toBe(`ban ${office}`);
    });

    test('is a guesser where it tries oftener, as those who try every 19 s', () => {
      const { pipeline, actions } = run();
      pipeline.observe(many(19 * second, 12));
      expect(actions()).toEqual([`ban ${office}`]);
    });

    test('is a guesser where it rests in between, to be forgotten', () => {
      const { pipeline, actions } = run();
      const bursts = [0, 1, 2, 3].flatMap((burst) =>
        many(30 * second, 18).map((one) => ({ ...one, time: one.time + burst * 30 * minute })),
      );
      pipeline.observe(bursts);
      expect(actions().at(-1)).toBe(`ban ${office}`);
    });

    test('is a guesser where another account is tried too, or none is forgiven', () => {
      const mixed = many(30 * second, 12).map((one, index) =>
        index === 5 ? { ...one, account: '205', source: { address: office, port: 7_005 } } : one,
      );
      const two = run();
      two.pipeline.observe(mixed);
      expect(two.actions()).toEqual([`ban ${office}`]);
      const strict = run({ shield: { unknown_phone_tries: 0 } });
      strict.pipeline.observe(many(30 * second, 12));
      expect(strict.actions()).toEqual([`ban ${office}`]);
    });
  });
});

describe('a trunk', () => {
  const trunk = (network: string = office) =>
    ({
      kind: 'trunks',
      time: start,
      trunks: [{ network, endpoint: 'provider', because: 'identify' }],
    }) as const;

  test('is never banned, and no port of it is blocked, whatever is proven', () => {
    const { pipeline, actions } = run();
    pipeline.know(trunk('203.0.113.0/24'));
    pipeline.observe(fromPort(5_060));
    pipeline.observe(fromPort(7_001, start + minute));
    expect(actions()).toEqual([`held ${office}`]);
  });

  test('is never dropped on forged evidence', () => {
    const { pipeline, actions } = run();
    pipeline.know(trunk());
    pipeline.observe([...guesses(), scan({ time: start + second })]);
    expect(new Set(actions())).toEqual(new Set([`notice ${office}`]));
  });

  test('that is not configured any more is a stranger', () => {
    const { pipeline, actions } = run();
    pipeline.know(trunk());
    pipeline.know({ kind: 'trunks', time: start, trunks: [] });
    pipeline.observe(provenGuesses());
    expect(actions()).toEqual([`ban ${office}`]);
  });
});

test('an administrator who is logged in is never touched, however much is proven', () => {
  const { pipeline, actions, decided } = run();
  pipeline.know({
    kind: 'administrators',
    time: start,
    sessions: [{ address: office, user: 'root', via: 'ssh', since: start }],
  });
  pipeline.observe(provenGuesses());
  expect(actions()).toEqual([`notice ${office}`]);
  expect(decided[0]?.reason).toMatch(/administrator root at 203.0.113.66 .logged in over ssh./);
});

describe('a private gateway that many come through', () => {
  const gateway = '172.17.0.1';
  const from = { source: { address: gateway, port: 7_001 } };

  test('is never banned and is told of loudly', () => {
    const { pipeline, actions, collapsed } = run();
    pipeline.observe(registrations(5, start, gateway));
    pipeline.observe(provenGuesses(start + minute, from));
    expect(actions()).toEqual([`port-ban ${gateway}:7001`]);
    expect(collapsed).toEqual([gateway]);
  });

  test('is known by the routes of this host before anybody registers', () => {
    const { pipeline, actions, collapsed } = run();
    pipeline.know({ kind: 'gateways', time: start, addresses: [gateway] });
    pipeline.observe([...guesses(from), ...provenGuesses(start + hour, from)]);
    expect(actions()).toEqual([`notice ${gateway}`, `port-ban ${gateway}:7001`]);
    expect(new Set(collapsed)).toEqual(new Set([gateway]));
  });

  test('is told apart from an attacker inside, whom nobody registers from', () => {
    const { pipeline, actions, collapsed } = run();
    pipeline.observe(provenGuesses(start, { source: { address: '192.168.1.66', port: 7_001 } }));
    expect(actions()).toEqual(['ban 192.168.1.66']);
    expect(collapsed).toEqual([]);
  });
});

describe('IPv6', () => {
  const phone = '2001:db8:9::10';
  const stranger = (host: number) => ({ source: { address: `2001:db8:9::${host}`, port: 7_001 } });

  test('counts and bans the /64 that an attacker rotates through', () => {
    const { pipeline, actions } = run();
    pipeline.observe(
      provenGuesses().map((one, index) => ({
        ...one,
        source: { address: `2001:db8:9::${index}`, port: 5060 },
      })),
    );
    expect(actions()).toEqual(['ban 2001:db8:9::/64']);
  });

  test('bans the one address where a phone of ours is in the same /64', () => {
    const { pipeline, actions } = run({}, [shield({ target: phone })]);
    pipeline.observe(provenGuesses(start, stranger(66)));
    expect(actions()).toEqual(['ban 2001:db8:9::66']);
  });

  test('drops nobody in a /64 of ours on forged evidence', () => {
    const { pipeline, actions } = run({}, [shield({ target: phone })]);
    pipeline.observe(guesses(stranger(66)));
    expect(actions()).toEqual(['notice 2001:db8:9::/64']);
  });

  test('counts and bans by another length where that is configured', () => {
    const { pipeline, actions } = run({ decide: { ipv6_prefix: 48 } });
    pipeline.observe(
      provenGuesses().map((one, index) => ({
        ...one,
        source: { address: `2001:db8:9:${index}::1`, port: 5060 },
      })),
    );
    expect(actions()).toEqual(['ban 2001:db8:9::/48']);
  });
});

describe('after a restart', () => {
  const late = (at: number) =>
    Array.from({ length: 20 }, (_, index) =>
      probe(`${index}`, { time: at, because: 'unanswered-challenge' }),
    );

  test('challenges that are taken up late are no evidence for a while', () => {
    const { pipeline, actions } = run();
    pipeline.know({ kind: 'restart', time: start });
    pipeline.observe(late(start + 89 * second));
    expect(actions()).toEqual([]);
    pipeline.observe(late(start + 5 * minute));
    expect(actions()).toEqual([`drop ${office}`]);
  });

  test('names that nobody has are evidence at once', () => {
    const { pipeline, actions } = run();
    pipeline.know({ kind: 'restart', time: start });
    pipeline.observe(late(start + second).map((one) => ({ ...one, because: 'unknown-account' as const })));
    expect(actions()).toEqual([`drop ${office}`]);
  });
});

test('a site of fifty phones that registers at once is no attack, though half of what it sends is not seen', () => {
  const { pipeline, actions } = run();
  const phones = registrations(50, start);
  const probes = phones
    .filter((_, index) => index % 2 === 0)
    .map(({ account, source }) =>
      probe(account, { time: start - 10, source, because: 'unanswered-challenge' }),
    );
  pipeline.observe([...phones, ...probes]);
  expect(actions()).toEqual([]);
});

describe('a ban that waits for a person', () => {
  const asked = () => {
    const flow = run({}, [shield({ until: start + 30 * day })]);
    flow.pipeline.observe(fromPort(5_060));
    return { ...flow, id: flow.decided[0]!.id };
  };
  const order = { time: start + minute, until: start + hour, by: 'root' };

  test('is carried out when a person approves it, against the shield', () => {
    const { pipeline, id, decided } = asked();
    pipeline.approve(id, order);
    expect(decided[1]).toMatchObject({
      action: 'ban',
      target: office,
      cause: { kind: 'manual', by: 'root' },
    });
    expect(pipeline.shield.covering(office, start + 2 * minute)).toEqual([]);
  });

  test('leaves the phone shielded again when the ban is lifted', async () => {
    const { pipeline, id } = asked();
    pipeline.approve(id, order);
    await pipeline.unban(office, 'root', start + 2 * minute);
    expect(pipeline.shield.covering(office, start + 2 * minute)).toHaveLength(1);
  });

  test('is not asked again for a day when a person says no', () => {
    const { pipeline, id, actions } = asked();
    expect(pipeline.dismiss(id, start + minute)).toMatchObject({ target: office });
    pipeline.observe(fromPort(5_060, start + hour));
    expect(actions()).toEqual([`held ${office}`, `notice ${office}`]);
    pipeline.observe(fromPort(5_060, start + 25 * hour));
    expect(actions().at(-1)).toBe(`held ${office}`);
  });

  test('lapses after a day', () => {
    const { pipeline, id } = asked();
    expect(pipeline.approve(id, { ...order, time: start + 2 * day })).toBeUndefined();
  });

  test('is not carried out twice, and nothing else under its id', () => {
    const { pipeline, id } = asked();
    expect(pipeline.approve('nothing', order)).toBeUndefined();
    pipeline.approve(id, order);
    expect(pipeline.approve(id, order)).toBeUndefined();
  });
});

describe("a person's order", () => {
  test('is told what stands against it, and what not even force overrules', () => {
    const { pipeline, allowlist } = run({}, [shield()]);
    allowlist.add({ target: '203.0.113.0/26', note: 'branch', author: 'root', time: start });
    const objections = (target: string) =>
      pipeline.objections(target, start).map(({ because, isFinal }) => [because, isFinal]);
    expect(objections(office)).toEqual([['shielded', false]]);
    expect(objections('203.0.113.0/24')).toEqual([
      ['allowlisted', true],
      ['shielded', false],
    ]);
    expect(objections('198.51.100.0/24')).toEqual([['own', true]]);
    expect(objections('192.0.2.1')).toEqual([]);
  });

  test('holds against the shield until it ends, and is remembered over a restart', () => {
    const before = run({}, [shield()]);
    before.pipeline.ban({ target: office, time: start, until: start + hour, by: 'root', note: 'enough' });
    expect(before.pipeline.shield.covering(office, start + minute)).toEqual([]);
    expect(before.pipeline.shield.covering(office, start + 2 * hour)).toHaveLength(1);
  });
});
