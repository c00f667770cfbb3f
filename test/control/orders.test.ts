// The orders of persons, through the real socket, to the real store and a dry-run firewall.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { configSchema } from '../../src/config-schema.ts';
import { callDaemon } from '../../src/control/client.ts';
import type { DetectorReport, Explanation, Forced } from '../../src/control/operations.ts';
import { startControl } from '../../src/control/server.ts';
import type { Attack } from '../../src/model/attack.ts';
import type { Change } from '../../src/model/change.ts';
import type { Decision } from '../../src/model/decision.ts';
import type { ShieldEntry } from '../../src/model/shield-entry.ts';
import { excess, failure, proven, success } from '../observations.ts';
import { waitFor } from '../wait-for.ts';
import { bringUp, type Changed, office, origin } from './bring-up.ts';

const now = () => Date.now();

describe('an order', () => {
  let directory: string;
  let daemon: Awaited<ReturnType<typeof bringUp>>;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sipwarden-orders-'));
    daemon = await bringUp(directory);
  });
  afterEach(async () => {
    await daemon.stop();
    await rm(directory, { recursive: true });
  });
  const guess = (at = now()) =>
    daemon.pipeline.observe(
      Array.from({ length: 11 }, (_, index) => failure({ time: at + index, proof: proven() })),
    );
  const bans = async () => (await daemon.get('/v1/bans')) as Decision[];

  test('to ban is in the firewall and in the listing when it is answered', async () => {
    await daemon.post('/v1/bans', { target: '203.0.113.9', forMs: 60_000, note: 'test' });
    expect(await daemon.enforcer.list()).toMatchObject([{ set: 'order', target: '203.0.113.9' }]);
    expect(await bans()).toMatchObject([
      { target: '203.0.113.9', action: 'ban', cause: { kind: 'manual', note: 'test' } },
    ]);
  });

  test('to ban outlives a restart', async () => {
    await daemon.post('/v1/bans', { target: '203.0.113.9' });
    await daemon.stop();
    daemon = await bringUp(directory);
    expect(await bans()).toHaveLength(1);
  });

  test('to unban reaches firewall and store, and outlives a restart', async () => {
    guess();
    expect(await bans()).toMatchObject([{ target: '203.0.113.66' }]);
    await daemon.post('/v1/unban', { target: '203.0.113.66' });
    expect(await daemon.enforcer.list()).toEqual([]);
    await daemon.stop();
    daemon = await bringUp(directory);
    expect(await bans()).toEqual([]);
  });

  test('to limit a source differently is in the rules, in the listing, and outlives a restart', async () => {
    const rules = () => daemon.core.firewall().settings.rules.limits.map(({ exceptions }) => exceptions);
    await daemon.post('/v1/limits', {
      target: '203.0.113.9',
      invitePerSecond: 50,
      tftpPerMinute: 400,
      packetsPerSecond: 900,
    });
    const both = [
      [{ target: '203.0.113.9', perMinute: 54_000 }],
      [{ target: '203.0.113.9', perMinute: 3_000 }],
      [{ target: '203.0.113.9', perMinute: 400 }],
    ];
    expect(rules()).toEqual(both);
    await daemon.stop();
    daemon = await bringUp(directory);
    expect(rules()).toEqual(both);
    expect(await daemon.get('/v1/limits')).toMatchObject({
      own: [{ limit: 'invite' }, { limit: 'packets' }, { limit: 'tftp' }],
    });
    expect(await daemon.post('/v1/limits/clear', { target: '203.0.113.9' })).toMatchObject({ cleared: 3 });
    expect(rules()).toEqual([[], [], []]);
    expect(await daemon.get('/v1/limits')).toMatchObject({ own: [] });
  });

  test('to limit more sources than rules can hold is refused, and changes nothing', async () => {
    const limit = (index: number) =>
      daemon.post('/v1/limits', { target: `203.0.113.${index}`, tftpPerMinute: 400 });
    for (let index = 1; index <= 64; index += 1) await limit(index);
    await expect(limit(65)).rejects.toMatchObject({ code: 'LIMITS_FULL', hint: expect.any(String) });
    expect(await daemon.get('/v1/limits')).toMatchObject({ own: { length: 64 } });
  });

  test('to list what is looked for tells states, thresholds and how often it was found', async () => {
    guess();
    const listed = (await daemon.get('/v1/detectors')) as readonly DetectorReport[];
    expect(listed.find(({ name }) => name === 'registration-bruteforce')).toMatchObject({
      state: 'enforce',
      options: { hit_count: 10, monit_period: 600_000 },
      fired: 1,
    });
    expect(listed.map(({ name }) => name)).toContain('dial-prefix-probing');
  });

  test('to limit nothing is refused', async () => {
    await expect(daemon.post('/v1/limits', { target: '203.0.113.9' })).rejects.toMatchObject({
      code: 'ORDER_INVALID',
    });
  });

  test('to unban lets a source that is slowed send as before', async () => {
    daemon.pipeline.observe([excess('invite', { time: now() })]);
    expect(await daemon.enforcer.list()).toMatchObject([{ set: 'invite', target: '203.0.113.66' }]);
    expect(await daemon.get('/v1/limits')).toMatchObject({ slowed: [{ target: '203.0.113.66' }] });
    await daemon.post('/v1/unban', { target: '203.0.113.66' });
    expect(await daemon.enforcer.list()).toEqual([]);
  });

  test('to ban our own address is refused with the reason and a cure', async () => {
    await expect(daemon.post('/v1/bans', { target: '198.51.100.0/24', force: true })).rejects.toMatchObject({
      code: 'ORDER_REFUSED',
      message: expect.stringContaining('198.51.100.1'),
      hint: expect.any(String),
    });
    expect(await daemon.enforcer.list()).toEqual([]);
  });

  test('to allow an address lifts what is in force against it', async () => {
    guess();
    await daemon.post('/v1/lists/allow/add', { target: '203.0.113.0/24', note: 'branch office' });
    expect(await bans()).toEqual([]);
    expect(await daemon.get('/v1/lists/allow')).toMatchObject([
      { target: '203.0.113.0/24', note: 'branch office' },
    ]);
    expect(await daemon.post('/v1/lists/allow/remove', { target: '203.0.113.0/24' })).toMatchObject({
      wasThere: true,
    });
  });

  test.each([
    { target: 'example.org' },
    { target: '203.0.113.9', forMs: -1 },
    { target: '203.0.113.9', unknown: 1 },
    {},
  ])('that is wrong (%j) is refused and changes nothing', async (order) => {
    await expect(daemon.post('/v1/bans', order)).rejects.toMatchObject({ code: 'ORDER_INVALID' });
    expect(await bans()).toEqual([]);
  });

  test('to explain tells verdict, evidence and history of an address', async () => {
    guess();
    const explanation = (await daemon.get('/v1/explain?target=203.0.113.66')) as Explanation;
    expect(explanation.verdict).toMatch(
      /^203\.0\.113\.66 is blocked \(ban\) until .*the evidence proves the address/,
    );
    expect(explanation.attacks).toMatchObject([
      { attack: 'registration-bruteforce', proof: 'proven', evidence: { counted: { count: 11 } } },
    ]);
    expect(explanation.history).toHaveLength(1);
    const story = explanation.timeline.map(({ what }) => what);
    expect(story.toSorted()).toEqual(['attack', 'ban', 'proof', 'quiet']);
  });

  test('to list attacks shows the newest, of one source where one is named', async () => {
    guess();
    expect((await daemon.get('/v1/attacks?limit=5')) as Attack[]).toHaveLength(1);
    expect((await daemon.get('/v1/attacks?source=192.0.2.1')) as Attack[]).toHaveLength(0);
  });

  test('to list bans and attacks, and to explain, says where the source is', async () => {
    guess();
    expect(await daemon.get('/v1/bans')).toMatchObject([{ target: office, ...origin }]);
    expect(await daemon.get('/v1/attacks')).toMatchObject([{ source: office, ...origin }]);
    expect(await daemon.get(`/v1/explain?target=${office}`)).toMatchObject({ target: office, ...origin });
  });

  test("goes through a socket that only root and the operators' group may open", async () => {
    expect((await stat(daemon.socket)).mode & 0o777).toBe(0o660);
  });

  test('is not taken by a second daemon on the same socket', async () => {
    await expect(
      startControl({ ...configSchema.parse({}).control, socket: daemon.socket }, daemon.orders),
    ).rejects.toMatchObject({
      code: 'CONTROL_IN_USE',
    });
  });

  test('to a daemon that does not run says so', async () => {
    await expect(callDaemon(join(directory, 'none.sock'), 'GET', '/v1/bans')).rejects.toMatchObject({
      code: 'DAEMON_NOT_REACHABLE',
    });
  });
});

describe('an order against those who are ours', () => {
  let directory: string;
  let daemon: Awaited<ReturnType<typeof bringUp>>;
  const restart = async (changed: Changed = {}) => {
    await daemon.crash();
    daemon = await bringUp(directory, changed);
  };
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sipwarden-orders-'));
    daemon = await bringUp(directory);
    daemon.pipeline.observe([success({ time: now(), proof: proven(now()) })]);
  });
  afterEach(async () => {
    await daemon.stop();
    await rm(directory, { recursive: true });
  });
  const setsOf = async (target: string) =>
    (await daemon.enforcer.list())
      .filter((entry) => entry.target === target)
      .map(({ set }) => set)
      .toSorted();
  const unconfirmed = async () => (await daemon.get('/v1/unconfirmed')) as Change[];

  test.each(['/v1/bans', '/v1/lists/deny/add'])(
    'is refused by %s, with whom it hits and a cure',
    async (path) => {
      await expect(daemon.post(path, { target: office })).rejects.toMatchObject({
        code: 'ORDER_REFUSED',
        message: expect.stringContaining('phone 100'),
        hint: expect.stringContaining('--force'),
      });
      expect(await setsOf(office)).toEqual(['shield']);
    },
  );

  test.each([
    ['/v1/bans', 'order'],
    ['/v1/lists/deny/add', 'deny'],
  ])('to %s is made where it is forced, until it is confirmed', async (path, set) => {
    const { change } = (await daemon.post(path, { target: office, force: true })) as Forced<unknown>;
    expect(change?.hits).toEqual([expect.stringContaining('phone 100')]);
    expect(await setsOf(office)).toContain(set);
    expect(await unconfirmed()).toEqual([change]);

    expect(await daemon.post('/v1/confirm', { id: change?.id })).toEqual([change]);
    expect(await unconfirmed()).toEqual([]);
    await restart();
    expect(await setsOf(office)).toContain(set);
  });

  test.each([
    ['/v1/bans', 'order'],
    ['/v1/lists/deny/add', 'deny'],
  ])('to %s that nobody confirms is undone when its time is over', async (path, set) => {
    await restart({ control: { confirm_within: '1s' } });
    await daemon.post(path, { target: office, force: true });
    const [change] = await unconfirmed();
    expect((change?.until ?? 0) - (change?.time ?? 0)).toBe(1_000);
    await waitFor('it is undone', async () => (await unconfirmed()).length === 0);
    expect(await setsOf(office)).not.toContain(set);
    expect(await setsOf(office)).toContain('shield');
    expect(await daemon.get('/v1/lists/deny')).toEqual([]);
    expect(await daemon.get('/v1/bans')).toEqual([]);
  });

  test.each([
    ['/v1/bans', 'order'],
    ['/v1/lists/deny/add', 'deny'],
  ])('to %s that nobody had confirmed when the machine crashed is undone at the start', async (path, set) => {
    await daemon.post(path, { target: office, force: true });
    await restart();
    expect(await setsOf(office)).toEqual(['shield']);
    expect(await unconfirmed()).toEqual([]);
    await restart();
    expect(await setsOf(office)).not.toContain(set);
  });

  test('is refused where the one who gives it would cut himself off', async () => {
    const order = { target: '192.0.2.0/24', from: '192.0.2.7' };
    await expect(daemon.post('/v1/bans', order)).rejects.toMatchObject({
      message: expect.stringContaining('your own session comes from 192.0.2.7'),
    });
    const { change } = (await daemon.post('/v1/bans', { ...order, force: true })) as Forced<Decision>;
    expect(change?.hits).toHaveLength(1);
  });

  test('is not begun where it cannot be recorded', async () => {
    await daemon.crash();
    await expect(
      daemon.orders.ban({ target: office, note: '', by: 'root', force: true }),
    ).rejects.toMatchObject({
      code: 'CHANGE_NOT_RECORDED',
    });
    expect(await setsOf(office)).toEqual(['shield']);
    daemon = await bringUp(directory);
  });

  test('to confirm what does not wait says so', async () => {
    await expect(daemon.post('/v1/confirm', {})).rejects.toMatchObject({ code: 'NOTHING_TO_CONFIRM' });
  });

  describe('that sipwarden would not give itself', () => {
    const port = 5_060;
    const ask = async () => {
      const source = { address: office, port };
      daemon.pipeline.observe([success({ time: now(), source, proof: proven(now()) })]);
      daemon.pipeline.observe(
        Array.from({ length: 11 }, (_, index) =>
          failure({ time: now() + index, source, account: `${index}`, proof: proven() }),
        ),
      );
      return ((await daemon.get('/v1/held')) as Decision[])[0];
    };
    beforeEach(() => restart({ shield: { blast_radius: 0 } }));

    test('is held, shown with whom it would hit, and carried out until confirmed', async () => {
      const held = await ask();
      expect(held).toMatchObject({ action: 'held', target: office, behind: { phones: 1 } });
      expect(await setsOf(office)).toEqual(['shield']);
      const { result, change } = (await daemon.post('/v1/held/approve', {
        id: held?.id,
      })) as Forced<Decision>;
      expect(result).toMatchObject({ action: 'ban', cause: { kind: 'manual' } });
      expect(change?.kind).toBe('ban');
      expect(await setsOf(office)).toEqual(['order']);
      expect(await daemon.get('/v1/held')).toEqual([]);
    });

    test('outlives a restart, and is not asked again after a person said no', async () => {
      const held = await ask();
      await restart({ shield: { blast_radius: 0 } });
      expect(await daemon.get('/v1/held')).toMatchObject([{ id: held?.id }]);
      await daemon.post('/v1/held/dismiss', { id: held?.id });
      await restart({ shield: { blast_radius: 0 } });
      expect(await ask()).toBeUndefined();
    });

    test('that is not held is refused with a hint', async () => {
      await expect(daemon.post('/v1/held/approve', { id: 'x' })).rejects.toMatchObject({ code: 'NOT_HELD' });
      await expect(daemon.post('/v1/held/dismiss', { id: 'x' })).rejects.toMatchObject({ code: 'NOT_HELD' });
    });
  });

  describe('that arms what was only observed', () => {
    const observe = async () => {
      await restart({ mode: 'observe' });
      daemon.pipeline.observe([
        ...Array.from({ length: 11 }, (_, index) => failure({ time: now() + index, proof: proven() })),
      ]);
    };

    test('is refused where it would hit a phone of ours, and made until confirmed where it is forced', async () => {
      await observe();
      await expect(daemon.configure({ mode: 'enforce' })).rejects.toMatchObject({
        code: 'MODE_WOULD_HIT',
        message: expect.stringContaining('phone 100'),
      });
      expect(daemon.core.mode()).toBe('observe');
      await daemon.configure({ mode: 'enforce' }, { force: true, by: 'root' });
      expect(daemon.core.mode()).toBe('enforce');
      await daemon.post('/v1/confirm', {});
      await restart({ mode: 'enforce' });
      expect(daemon.core.mode()).toBe('enforce');
    });

    test('observes again after a crash until somebody confirms it, whatever the configuration says', async () => {
      await observe();
      await daemon.configure({ mode: 'enforce' }, { force: true, by: 'root' });
      await restart({ mode: 'enforce' });
      expect(daemon.core.mode()).toBe('observe');
      expect(daemon.alarms.active().map(({ code }) => code)).toContain('MODE_NOT_CONFIRMED');
      await restart({ mode: 'enforce' });
      expect(daemon.core.mode()).toBe('observe');
      await daemon.post('/v1/confirm', {});
      expect(daemon.core.mode()).toBe('enforce');
      expect(daemon.alarms.active()).toEqual([]);
    });

    test('needs no confirmation any more when the configuration says observe again', async () => {
      await observe();
      await daemon.configure({ mode: 'enforce' }, { force: true, by: 'root' });
      await daemon.configure({ mode: 'observe' });
      expect(await unconfirmed()).toEqual([]);
    });
  });

  test('to show the shield lists who, why and until when', async () => {
    daemon.pipeline.know({
      kind: 'trunks',
      time: now(),
      trunks: [{ network: '192.0.2.0/24', endpoint: 'provider', because: 'identify' }],
    });
    expect((await daemon.get('/v1/shield')) as ShieldEntry[]).toMatchObject([
      { kind: 'phone', target: office, name: '100', ports: [{ protocol: 'udp', port: 5061 }] },
      { kind: 'trunk', target: '192.0.2.0/24', name: 'provider' },
    ]);
  });

  test('to explain says who would be cut off', async () => {
    const explanation = (await daemon.get(`/v1/explain?target=${office}`)) as Explanation;
    expect(explanation.behind).toEqual({ phones: 1, trunks: 0, calls: 0, names: ['100'] });
    expect(explanation.verdict).toMatch(/is not blocked: shielded, phone 100/);
  });
});
