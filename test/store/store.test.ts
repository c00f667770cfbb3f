import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ShieldEntry } from '../../src/model/shield-entry.ts';
import { migrations } from '../../src/store/schema.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { attack, createAlarms, decision, logger } from './samples.ts';

const day = 86_400_000;

let parent: string;
let directory: string;
let alarms: ReturnType<typeof createAlarms>;
let store: Store;

const open = () => openStore({ directory, now: () => 7, logger, alarms });
const reopen = async () => {
  await store.close();
  store = await open();
};

beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'sipwarden-store-'));
  directory = join(parent, 'state');
  alarms = createAlarms();
  store = await open();
});
afterEach(async () => {
  await store.close();
  rmSync(parent, { recursive: true });
});

test('keeps its directory and its files from other users', async () => {
  await store.saveDecision(decision('d1'));
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  for (const file of ['sipwarden.db', 'sipwarden.db-wal']) {
    expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
  }
});

describe('decisions', () => {
  test('come back after a restart as they were', async () => {
    const saved = [
      decision('d1'),
      decision('p1', {
        time: 1_500,
        action: 'port-ban',
        port: { protocol: 'tcp', port: 7_001 },
        behind: { phones: 2, trunks: 0, calls: 1, names: ['100', '"101'] },
      }),
      decision('l1', { time: 1_600, action: 'limit', limit: 'tftp' }),
      decision('d2', { time: 2_000, action: 'drop', target: '2001:db8::/64', enforced: false, offence: 3 }),
      decision('d3', { time: 3_000, cause: { kind: 'manual', by: 'root', note: '<b>"quoted"' } }),
    ];
    for (const one of saved) await store.saveDecision(one);
    await reopen();
    expect(await store.activeDecisions(4_000)).toEqual(saved);
  });

  test('hold until their time is over; a notice never holds, and one without an end holds on', async () => {
    const { until: _, ...endless } = decision('endless');
    await store.saveDecision(endless);
    await store.saveDecision(decision('over', { until: 4_000 }));
    await store.saveDecision(decision('notice', { action: 'notice' }));
    const ids = (await store.activeDecisions(4_000)).map(({ id }) => id);
    expect(ids).toEqual(['endless']);
  });

  test('a prolonged one has its new end', async () => {
    await store.saveDecision(decision('d1'));
    await store.saveDecision(decision('d1', { until: 9_000 }));
    expect(await store.decisionsOf('192.0.2.7')).toEqual([decision('d1', { until: 9_000 })]);
  });

  test('an unban outlives a restart, says who and when, and is not undone by saving the decision again', async () => {
    await store.saveDecision(decision('d1'));
    await store.endDecisionsOf('192.0.2.7', 2_000, 'root');
    await store.endDecisionsOf('192.0.2.7', 3_000, 'someone later');
    await store.saveDecision(decision('d1'));
    await reopen();
    expect(await store.activeDecisions(2_500)).toEqual([]);
    expect((await store.decisionsOf('192.0.2.7'))[0]?.ended).toEqual({ time: 2_000, by: 'root' });
  });

  test('an unban of a target ends all that holds for it, and nothing else', async () => {
    await store.saveDecision(decision('ban'));
    await store.saveDecision(decision('drop', { action: 'drop' }));
    await store.saveDecision(decision('over', { until: 1_500 }));
    await store.saveDecision(decision('other', { target: '192.0.2.8' }));
    await store.endDecisionsOf('192.0.2.7', 2_000, 'root');
    expect((await store.activeDecisions(2_000)).map(({ id }) => id)).toEqual(['other']);
    const over = (await store.decisionsOf('192.0.2.7')).find(({ id }) => id === 'over');
    expect(over).not.toHaveProperty('ended');
  });

  test('tell the history of a target and of all', async () => {
    await store.saveDecision(decision('old', { time: 100 }));
    await store.saveDecision(decision('new', { time: 300, action: 'drop' }));
    await store.saveDecision(decision('noticed', { time: 400, action: 'notice' }));
    await store.saveDecision(decision('other', { time: 200, target: '192.0.2.8' }));
    expect((await store.decisionsSince(200)).map(({ id }) => id)).toEqual(['other', 'new', 'noticed']);
    expect((await store.decisionsOf('192.0.2.7')).map(({ id }) => id)).toEqual(['noticed', 'new', 'old']);
  });
});

test('a stale phone that was named is remembered with its account, and holds nothing', async () => {
  const named = decision('s1', { action: 'stale-phone', phone: { account: '2\u000004', everyMs: 30_000 } });
  await store.saveDecision(named);
  await reopen();
  expect(await store.activeDecisions(4_000)).toEqual([]);
  expect(await store.decisionsSince(0)).toEqual([named]);
});

describe('attacks', () => {
  test('come back after a restart as they were, foreign text included', async () => {
    const {
      until: _,
      country: __,
      autonomousSystem: ___,
      ...endless
    } = attack('a2', { lastTime: 900, source: '192.0.2.7' });
    await store.saveAttack(attack('a1'));
    await store.saveAttack(endless);
    await reopen();
    expect(await store.attacks({ limit: 10 })).toEqual([attack('a1'), endless]);
  });

  test('of before countries were known are kept', async () => {
    await store.close();
    rmSync(directory, { recursive: true });
    mkdirSync(directory);
    const old = new DatabaseSync(join(directory, 'sipwarden.db'));
    old.exec(`${migrations.slice(0, 3).join(';')}; PRAGMA user_version = 3`);
    old.exec(`INSERT INTO attacks VALUES ('a1', '192.0.2.7', 'canary', 'proven', 1, 2, 3, '[]',
      '${JSON.stringify(attack('').evidence).replaceAll("'", "''")}', 'ban', 9, 'why')`);
    old.close();
    store = await open();
    const [kept] = await store.attacks({ limit: 10 });
    expect(kept).toMatchObject({ id: 'a1', source: '192.0.2.7', messages: 3 });
    expect(kept).not.toHaveProperty('country');
  });

  test('grow under their id', async () => {
    await store.saveAttack(attack('a1', { proof: 'asserted', messages: 1 }));
    await store.saveAttack(attack('a1', { lastTime: 2_000, messages: 50 }));
    expect(await store.attacks({ limit: 10 })).toEqual([attack('a1', { lastTime: 2_000, messages: 50 })]);
  });

  test('are found by time and by source, the newest first', async () => {
    for (const time of [1, 2, 3, 4]) {
      await store.saveAttack(attack(`a${time}`, { lastTime: time, source: `192.0.2.${time % 2}` }));
    }
    const ids = async (filter: Parameters<Store['attacks']>[0]) =>
      (await store.attacks(filter)).map(({ id }) => id);
    expect(await ids({ limit: 2 })).toEqual(['a4', 'a3']);
    expect(await ids({ since: 3, limit: 9 })).toEqual(['a4', 'a3']);
    expect(await ids({ source: '192.0.2.1', limit: 9 })).toEqual(['a3', 'a1']);
  });
});

const phone: ShieldEntry = {
  kind: 'phone',
  target: '192.0.2.1',
  name: '100',
  why: 'it authenticated',
  since: 1,
  lastSeen: 2,
  until: 50,
  ports: [{ protocol: 'udp', port: 5060 }],
};

describe('lists and shield', () => {
  test('an entry is on the list that it was put on, once, until it is removed', async () => {
    const entry = { target: '192.0.2.0/24', note: 'office', author: 'root', time: 1 };
    await store.changeList('allow', { add: [entry] });
    await store.changeList('allow', { add: [{ ...entry, note: 'head office' }] });
    await store.changeList('deny', { add: [{ ...entry, target: '198.51.100.9' }] });
    await reopen();
    expect(await store.listEntries('allow')).toEqual([{ ...entry, note: 'head office' }]);
    await store.changeList('allow', { remove: ['192.0.2.0/24'] });
    expect(await store.listEntries('allow')).toEqual([]);
    expect(await store.listEntries('deny')).toHaveLength(1);
  });

  test('a shield comes back while it lasts', async () => {
    await store.saveShield(phone);
    const proven = { ...phone, until: 60, lastSeen: 3, provenSince: 3, callId: 'a@b' };
    await store.saveShield(proven);
    await store.saveShield({ ...phone, target: '192.0.2.2' });
    await reopen();
    expect(await store.shield(50)).toEqual([proven]);
    await store.removeShield(phone);
    expect(await store.shield(50)).toEqual([]);
  });

  test('a shield without an end stays until it is removed, and others at its address with it', async () => {
    const { until: _, ...rest } = phone;
    const trunk = { ...rest, kind: 'trunk', target: '192.0.2.0/24', name: 'provider' } as const;
    await store.saveShield(trunk);
    await store.saveShield({ ...trunk, name: 'other' });
    await store.prune(100 * day, day);
    await store.removeShield(trunk);
    expect(await store.shield(100 * day)).toEqual([{ ...trunk, name: 'other' }]);
  });

  test('a limit of a source comes back as it was set last, until all of the source are removed', async () => {
    const invite = {
      limit: 'invite',
      target: '192.0.2.1',
      perMinute: 600,
      note: 'call centre',
      author: 'root',
      time: 1,
    } as const;
    await store.saveLimit(invite);
    await store.saveLimit({ ...invite, perMinute: 900 });
    await store.saveLimit({ ...invite, limit: 'tftp', time: 2 });
    await store.saveLimit({ ...invite, target: '192.0.2.2', time: 3 });
    await reopen();
    expect(await store.limits()).toMatchObject([
      { limit: 'invite', perMinute: 900 },
      { limit: 'tftp' },
      { target: '192.0.2.2' },
    ]);
    await store.removeLimits('192.0.2.1');
    expect(await store.limits()).toEqual([{ ...invite, target: '192.0.2.2', time: 3 }]);
  });

  test('a forced change waits on the disk until it is confirmed or undone', async () => {
    const change = {
      id: 'c1',
      kind: 'ban',
      target: '192.0.2.1',
      by: 'root',
      time: 1,
      until: 2,
      hits: ['shielded: phone 100'],
    } as const;
    const { target: _, ...mode } = { ...change, id: 'c2', kind: 'mode', time: 2 } as const;
    await store.saveChange(mode);
    await store.saveChange(change);
    await reopen();
    expect(await store.changes()).toEqual([change, mode]);
    await store.removeChange('c1');
    expect(await store.changes()).toEqual([mode]);
  });
});

test('pruning forgets what is old and over, and nothing that holds', async () => {
  const now = 100 * day;
  const { until: _, ...endless } = decision('endless');
  await store.saveDecision(endless);
  await store.saveDecision(decision('old'));
  await store.saveDecision(decision('long', { until: 200 * day }));
  await store.saveDecision(decision('young', { time: 20 * day, until: 21 * day }));
  await store.saveAttack(attack('old'));
  await store.saveAttack(attack('young', { lastTime: 20 * day }));
  await store.saveShield({ ...phone, target: '192.0.2.1', until: now });
  await store.saveShield({ ...phone, target: '192.0.2.2', until: now + 1 });
  await store.prune(now, 90 * day);
  expect((await store.decisionsSince(0)).map(({ id }) => id).sort()).toEqual(['endless', 'long', 'young']);
  expect((await store.attacks({ limit: 9 })).map(({ id }) => id)).toEqual(['young']);
  expect((await store.shield(0)).map(({ target }) => target)).toEqual(['192.0.2.2']);
});

test('leaves out a row that somebody damaged, counts it, and says so', async () => {
  await store.saveDecision(decision('good'));
  await store.saveDecision(decision('bad-target'));
  await store.saveDecision(decision('bad-cause'));
  const database = new DatabaseSync(join(directory, 'sipwarden.db'));
  database.exec(`UPDATE decisions SET target = '0.0.0.0/0; flush' WHERE id = 'bad-target'`);
  database.exec(`UPDATE decisions SET cause = '{' WHERE id = 'bad-cause'`);
  database.close();
  expect((await store.decisionsSince(0)).map(({ id }) => id)).toEqual(['good']);
  expect(store.health().counters.damagedRows).toBe(2);
  expect(alarms.active.has('STORE_DAMAGED_ROWS')).toBe(true);
});

test('refuses a write that can never succeed, and what came with it is durable', async () => {
  const bad = store.saveDecision(decision('bad', { offence: 1.5 }));
  const good = store.saveDecision(decision('good'));
  await expect(bad).rejects.toMatchObject({ code: 'STORE_REFUSED' });
  await good;
  expect((await store.decisionsSince(0)).map(({ id }) => id)).toEqual(['good']);
  expect(store.health()).toMatchObject({ state: 'live', counters: { waiting: 0, refused: 1 } });
});

test('a thousand writes that arrive together are faster than a thousand that wait for one another', async () => {
  const took = { alone: 0, together: 0 };
  const measure = async (kind: keyof typeof took, run: () => Promise<unknown>) => {
    const start = performance.now();
    await run();
    took[kind] += performance.now() - start;
  };
  // New ones each time: SQLite writes nothing where a row stays as it was.
  const hundred = (name: string) => Array.from({ length: 100 }, (_, index) => decision(`${name}-${index}`));
  for (let round = 0; round < 10; round += 1) {
    await measure('alone', async () => {
      for (const each of hundred(`alone-${round}`)) await store.saveDecision(each);
    });
    await measure('together', () => Promise.all(hundred(`together-${round}`).map(store.saveDecision)));
  }
  expect(took.alone / took.together).toBeGreaterThan(2);
}, 60_000);
