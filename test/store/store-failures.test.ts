import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openStore, type Store } from '../../src/store/store.ts';
import { waitFor } from '../wait-for.ts';
import { createAlarms, decision, logger } from './samples.ts';

const program = (name: string) => new URL(`./programs/${name}.ts`, import.meta.url);
const canMount = spawnSync('unshare', ['--mount', 'true']).status === 0;
const testWithMounts = canMount ? test : test.skip;

let directory: string;
let file: string;
let alarms: ReturnType<typeof createAlarms>;
let stores: Store[];
let children: ChildProcess[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sipwarden-store-'));
  file = join(directory, 'sipwarden.db');
  alarms = createAlarms();
  stores = [];
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const store of stores) await store.close();
  rmSync(directory, { recursive: true });
});

async function open(more: { worker?: URL; directory?: string } = {}): Promise<Store> {
  const store = await openStore({ directory, now: () => 0, logger, alarms, ...more });
  stores.push(store);
  return store;
}

function run(name: string, argument: string): ChildProcess {
  const child = spawn(process.execPath, [program(name).pathname, argument], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  });
  children.push(child);
  return child;
}

const live = (store: Store) => waitFor('the store writes again', () => store.health().state === 'live');
const idsIn = async (store: Store) => (await store.decisionsSince(0)).map(({ id }) => id);

test('everything that was acknowledged is there after kill -9', async () => {
  const child = run('acknowledging-writer', directory);
  let said = '';
  child.stdout?.on('data', (chunk) => {
    said += chunk;
    if (said.length > 5_000) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const acknowledged = said.split('\n').slice(0, -1);
  expect(acknowledged.length).toBeGreaterThan(500);
  const stored = new Set(await idsIn(await open()));
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
});

testWithMounts(
  'a full disk refuses writes, which are made up for once there is room; and even a start on a full disk reads all',
  () => {
    const script = 'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" "$3" "$1"';
    const args = [
      '--mount',
      'sh',
      '-c',
      script,
      'sh',
      directory,
      process.execPath,
      program('full-disk').pathname,
    ];
    const { stdout, stderr } = spawnSync('unshare', args, {
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    expect(stderr).toBe('');
    const { saved, ...seen } = JSON.parse(stdout);
    expect(saved).toBeGreaterThan(10);
    expect(seen).toEqual({
      code: 'STORE_FULL',
      alarm: true,
      readable: saved - 2,
      found: saved,
      isCleared: true,
    });
  },
);

test('while another program holds the lock, writes say so, and are made up for when it lets go', async () => {
  const store = await open();
  const locker = run('locker', file);
  if (locker.stdout) await once(locker.stdout, 'data');
  await expect(store.saveDecision(decision('d1'))).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  expect(alarms.active.get('STORE_FAILING')).toContain('another program holds the database locked');
  expect(store.health()).toMatchObject({ state: 'failing', counters: { waiting: 1 } });
  expect(await idsIn(store)).toEqual([]);
  locker.stdin?.end();
  await live(store);
  expect(await idsIn(store)).toEqual(['d1']);
  expect(alarms.active.size).toBe(0);
});

test('what another program keeps locked at the start is no reason to wait for it', async () => {
  await (await open()).saveDecision(decision('d1'));
  await stores.pop()?.close();
  const locker = run('locker', file);
  if (locker.stdout) await once(locker.stdout, 'data');
  const store = await open();
  const added = store.saveDecision(decision('d2'));
  await expect(added).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  locker.stdin?.end();
  await live(store);
  expect(await idsIn(store)).toEqual(['d1', 'd2']);
});

test('a file that is no database is moved aside, and a new one is made', async () => {
  writeFileSync(file, 'this is no database'.repeat(100));
  const store = await open();
  await store.saveDecision(decision('d1'));
  expect(await idsIn(store)).toEqual(['d1']);
  expect(alarms.active.get('STORE_CORRUPT')).toContain(`${file}.corrupt-1970-01-01T000000.000Z`);
  expect(existsSync(`${file}.corrupt-1970-01-01T000000.000Z`)).toBe(true);
});

test('a database with torn pages is moved aside', async () => {
  const first = await open();
  for (let id = 0; id < 200; id += 1) void first.saveDecision(decision(`d${id}`));
  await first.close();
  const pages = readFileSync(file);
  expect(pages.length).toBeGreaterThan(20_000);
  writeFileSync(file, pages.fill(0x5a, 8_192, 20_000));
  const store = await open();
  expect(await idsIn(store)).toEqual([]);
  expect(alarms.active.has('STORE_CORRUPT')).toBe(true);
  expect(readdirSync(directory).some((name) => name.includes('.corrupt-'))).toBe(true);
});

test('a database with other tables than ours is moved aside', async () => {
  const other = new DatabaseSync(file);
  other.exec('CREATE TABLE decisions (id TEXT)');
  other.close();
  const store = await open();
  await store.saveDecision(decision('d1'));
  expect(alarms.active.has('STORE_CORRUPT')).toBe(true);
});

test('a database of a newer version is left alone, and said to be so', async () => {
  const newer = new DatabaseSync(file);
  newer.exec('CREATE TABLE future (id TEXT); PRAGMA user_version = 99');
  newer.close();
  const store = await open();
  await expect(store.saveDecision(decision('d1'))).rejects.toMatchObject({ code: 'STORE_NEWER' });
  await expect(store.activeDecisions(0)).rejects.toMatchObject({ code: 'STORE_NEWER' });
  expect(alarms.active.get('STORE_FAILING')).toContain('newer sipwarden');
  const untouched = new DatabaseSync(file);
  expect(untouched.prepare('SELECT count(*) AS count FROM future').get()?.count).toBe(0);
  untouched.close();
});

test('a directory that cannot be made is an alarm, and is used as soon as it can', async () => {
  const blocked = join(directory, 'blocked');
  writeFileSync(blocked, '');
  const store = await open({ directory: join(blocked, 'state') });
  expect(alarms.active.has('STORE_FAILING')).toBe(true);
  void store.saveDecision(decision('d1'));
  rmSync(blocked);
  mkdirSync(blocked);
  await live(store);
  expect(await idsIn(store)).toEqual(['d1']);
  expect(alarms.active.size).toBe(0);
});

test('a thread that dies takes nothing along: the write rejects, is made up for, and a new thread serves', async () => {
  const store = await open({ worker: program('dying-worker') });
  await store.saveDecision(decision('d1'));
  await store.saveDecision(decision('d2'));
  await expect(store.saveDecision(decision('d3'))).rejects.toMatchObject({ code: 'STORE_WORKER_DIED' });
  expect(alarms.raised).toContain('STORE_FAILING');
  await live(store);
  await store.saveDecision(decision('d4'));
  expect(await idsIn(store)).toEqual(['d1', 'd2', 'd3', 'd4']);
});

test('a closed store refuses, and closing it twice is nothing', async () => {
  const store = await open();
  await store.close();
  await expect(store.saveDecision(decision('d1'))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  await expect(store.activeDecisions(0)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
});
