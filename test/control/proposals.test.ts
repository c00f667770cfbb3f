// Repeated offenders and the denylist: proposed or promoted, through the real socket and over restarts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ListEntry } from '../../src/model/list-entry.ts';
import type { Proposal } from '../../src/model/proposal.ts';
import { failure, proven, success } from '../observations.ts';
import { waitFor } from '../wait-for.ts';
import { bringUp, type Changed, now, office } from './bring-up.ts';

const hour = 3_600_000;
let directory: string;
let daemon: Awaited<ReturnType<typeof bringUp>>;
let time: number;
const start = async (decide: Record<string, unknown> = {}, more: Changed = {}) => {
  daemon = await bringUp(directory, {
    decide: { block_threshold: 3, ban_time: '1m', ban_time_max: '1m', ...decide },
    ...more,
  });
};
const restart = async (decide: Record<string, unknown> = {}) => {
  await daemon.crash();
  await start(decide);
};
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sipwarden-proposals-'));
  time = now() - 20 * hour;
});
afterEach(async () => {
  await daemon.stop();
  await rm(directory, { recursive: true });
});

/** So often the source is banned, each time anew. */
const ban = (times: number, proof: object = { proof: proven() }) => {
  for (let round = 0; round < times; round += 1) {
    time += hour;
    daemon.pipeline.observe(
      Array.from({ length: 11 }, (_, index) => failure({ time: time + index, ...proof })),
    );
  }
};
const proposals = async () => (await daemon.get('/v1/proposals')) as Proposal[];
const denied = async () => ((await daemon.get('/v1/lists/deny')) as ListEntry[]).map(({ target }) => target);

describe('a repeated offender', () => {
  test('is proposed after so many bans, with how often and why, and approved by one order', async () => {
    await start();
    ban(2);
    expect(await proposals()).toEqual([]);
    ban(1);
    expect(await proposals()).toMatchObject([
      { target: office, bans: 3, reason: expect.stringContaining('registration-bruteforce') },
    ]);
    expect(await denied()).toEqual([]);
    await daemon.post('/v1/proposals/approve', { target: office });
    expect(await denied()).toEqual([office]);
    expect((await daemon.enforcer.list()).map(({ set }) => set)).toContain('deny');
    expect(await proposals()).toEqual([]);
  });

  test('is known as one over restarts, as a proposal and before', async () => {
    await start();
    ban(2);
    await daemon.stop();
    await start();
    ban(1);
    expect(await proposals()).toHaveLength(1);
    await daemon.stop();
    await start();
    expect(await proposals()).toMatchObject([{ target: office, bans: 3 }]);
  });

  test('that was dismissed is proposed again only after as many bans more', async () => {
    await start();
    ban(3);
    await daemon.post('/v1/proposals/dismiss', { target: office });
    expect(await proposals()).toEqual([]);
    await daemon.stop();
    await start();
    time = now();
    ban(2);
    expect(await proposals()).toEqual([]);
    ban(1);
    expect(await proposals()).toMatchObject([{ bans: 3 }]);
  });

  test('is denied at once where that is wanted, and it is said why', async () => {
    await start({ promote: 'automatic' });
    ban(3);
    await waitFor('it is denied', async () => (await denied()).length === 1);
    expect(await daemon.get('/v1/lists/deny')).toMatchObject([
      { target: office, author: 'sipwarden', note: expect.stringContaining('banned 3 times within 30d') },
    ]);
    expect(await proposals()).toEqual([]);
  });

  test('is left alone where that is wanted', async () => {
    await start({ promote: 'never' });
    ban(5);
    expect(await proposals()).toEqual([]);
    expect(await denied()).toEqual([]);
  });

  test('is none by bans long ago', async () => {
    await start({ block_window: '2h' });
    ban(5);
    expect(await proposals()).toEqual([]);
  });

  test('is none by what could be forged, nor by what was only observed', async () => {
    await start();
    ban(5, {});
    await daemon.stop();
    await start({}, { mode: 'observe' });
    ban(5);
    expect(await proposals()).toEqual([]);
  });

  test('is none any more when a person lets it in', async () => {
    await start();
    ban(3);
    await daemon.post('/v1/unban', { target: office });
    expect(await proposals()).toEqual([]);
    await restart();
    ban(2);
    expect(await proposals()).toEqual([]);
  });

  test('that is allowed, or behind whom a phone of ours is by now, is never denied by itself', async () => {
    await start();
    ban(3);
    daemon.pipeline.observe([success({ time: now(), proof: proven(now()) })]);
    if (daemon.pipeline.shield.covering(office, now()).length > 0) {
      await expect(daemon.post('/v1/proposals/approve', { target: office })).rejects.toMatchObject({
        code: 'ORDER_REFUSED',
      });
    }
    await daemon.post('/v1/lists/allow/add', { target: office });
    expect(await proposals()).toEqual([]);
    await expect(daemon.post('/v1/proposals/approve', { target: office })).rejects.toMatchObject({
      code: 'NOT_PROPOSED',
    });
    expect(await denied()).toEqual([]);
  });
});
