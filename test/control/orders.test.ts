// The orders of persons, through the real socket, to the real store and a dry-run firewall.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { configSchema } from '../../src/config-schema.ts';
import { callDaemon } from '../../src/control/client.ts';
import type { Explanation } from '../../src/control/operations.ts';
import { startControl } from '../../src/control/server.ts';
import { createAddressList } from '../../src/decide/address-list.ts';
import { createEffects } from '../../src/effects.ts';
import { createFirewall } from '../../src/firewall.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { Attack } from '../../src/model/attack.ts';
import type { Decision } from '../../src/model/decision.ts';
import { createOrders } from '../../src/orders.ts';
import { createPipeline } from '../../src/pipeline.ts';
import { createAlarmBoard } from '../../src/report/alarms.ts';
import { openStore } from '../../src/store/store.ts';
import { failure, proven, success } from '../observations.ts';

const now = () => Date.now();
const logger = createLogger('silent', 'test');

async function bringUp(directory: string) {
  const config = configSchema.parse({ firewall: { backend: 'dry-run' } });
  const alarms = createAlarmBoard({ logger, now });
  const store = await openStore({ directory, now, logger, alarms });
  const lists = { allow: createAddressList(await store.listEntries('allow')), deny: createAddressList() };
  const effects = createEffects({ reconciler: () => firewall.reconciler, store, logger, now });
  let ids = 0;
  const pipeline = createPipeline({
    settings: config,
    allowlist: lists.allow,
    effects,
    ownAddresses: () => ['198.51.100.1'],
    newId: () => `${process.pid}-${now()}-${ids++}`,
    decisions: await store.decisionsSince(0),
  });
  const isUntouchable = (target: string) => pipeline.protection.protectedFromForgery(target, now());
  const firewall = createFirewall({ config, isUntouchable, alarms, logger, now });
  await firewall.reconciler.start([]);
  const orders = createOrders({
    pipeline,
    store,
    reconciler: () => firewall.reconciler,
    lists,
    banTimeMs: () => config.decide.ban_time,
    now,
    status: async () => Promise.reject(new Error('not asked here')),
    reload: async () => ({ files: [] }),
    flush: effects.flush,
  });
  const socket = join(directory, 'control.sock');
  const control = await startControl({ socket, group: 0 }, orders);
  return {
    pipeline,
    enforcer: firewall.enforcer,
    socket,
    orders,
    get: (path: string) => callDaemon(socket, 'GET', path),
    post: (path: string, order: object) => callDaemon(socket, 'POST', path, order),
    async stop() {
      await control.close();
      await effects.flush();
      await firewall.close({ keepBans: true });
      await store.close();
    },
  };
}

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
    expect(await daemon.enforcer.list()).toMatchObject([{ set: 'ban', target: '203.0.113.9' }]);
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

  test('to ban our own address is refused with the reason and a cure', async () => {
    await expect(daemon.post('/v1/bans', { target: '198.51.100.0/24', force: true })).rejects.toMatchObject({
      code: 'ORDER_REFUSED',
      message: expect.stringContaining('198.51.100.1'),
      hint: expect.any(String),
    });
    expect(await daemon.enforcer.list()).toEqual([]);
  });

  test('to ban a shielded address is refused unless it is forced', async () => {
    daemon.pipeline.observe([success({ time: now() })]);
    await expect(daemon.post('/v1/bans', { target: '203.0.113.66' })).rejects.toMatchObject({
      code: 'ORDER_REFUSED',
    });
    await daemon.post('/v1/bans', { target: '203.0.113.66', force: true });
    expect(await daemon.enforcer.list()).toContainEqual(
      expect.objectContaining({ set: 'ban', target: '203.0.113.66' }),
    );
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
  });

  test('to list attacks shows the newest, of one source where one is named', async () => {
    guess();
    expect((await daemon.get('/v1/attacks?limit=5')) as Attack[]).toHaveLength(1);
    expect((await daemon.get('/v1/attacks?source=192.0.2.1')) as Attack[]).toHaveLength(0);
  });

  test("goes through a socket that only root and the operators' group may open", async () => {
    expect((await stat(daemon.socket)).mode & 0o777).toBe(0o660);
  });

  test('is not taken by a second daemon on the same socket', async () => {
    await expect(startControl({ socket: daemon.socket, group: 0 }, daemon.orders)).rejects.toMatchObject({
      code: 'CONTROL_IN_USE',
    });
  });

  test('to a daemon that does not run says so', async () => {
    await expect(callDaemon(join(directory, 'none.sock'), 'GET', '/v1/bans')).rejects.toMatchObject({
      code: 'DAEMON_NOT_REACHABLE',
    });
  });
});
