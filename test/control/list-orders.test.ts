// What persons order about the lists, through the real socket, to the real store and a dry-run firewall.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AddedEntry, Explanation, Forced, Imported } from '../../src/control/operations.ts';
import type { Overlap } from '../../src/decide/list-overlaps.ts';
import { writeCsv } from '../../src/lists/csv.ts';
import type { Change } from '../../src/model/change.ts';
import type { Decision } from '../../src/model/decision.ts';
import type { ListEntry, ListName } from '../../src/model/list-entry.ts';
import { fakeDns, type Records } from '../asterisk/fake-dns.ts';
import { failure, proven, success } from '../observations.ts';
import { waitFor } from '../wait-for.ts';
import { bringUp, now, office } from './bring-up.ts';

let directory: string;
let daemon: Awaited<ReturnType<typeof bringUp>>;
let records: Records;
const dns = { makeDns: () => fakeDns(records), everyMs: 40 };
const restart = async () => {
  await daemon.crash();
  daemon = await bringUp(directory, {}, dns);
};
beforeEach(async () => {
  records = {};
  directory = await mkdtemp(join(tmpdir(), 'sipwarden-lists-'));
  daemon = await bringUp(directory, {}, dns);
});
afterEach(async () => {
  await daemon.stop();
  await rm(directory, { recursive: true });
});

const add = async (list: ListName, target: string, more: object = {}) =>
  (await daemon.post(`/v1/lists/${list}/add`, { target, ...more })) as Forced<AddedEntry>;
const remove = (list: ListName, target: string) => daemon.post(`/v1/lists/${list}/remove`, { target });
const list = async (name: ListName) => (await daemon.get(`/v1/lists/${name}`)) as ListEntry[];
const kernel = async (wanted: string) =>
  (await daemon.enforcer.list())
    .filter(({ set }) => set === wanted)
    .map(({ target }) => target)
    .toSorted();
const register = () => daemon.pipeline.observe([success({ time: now(), proof: proven(now()) })]);

describe('an entry', () => {
  test('of a range is one on the list, the fewest networks in the kernel, and outlives a restart', async () => {
    await add('deny', '192.0.2.10-192.0.2.13', { note: 'scanners' });
    const networks = ['192.0.2.10/31', '192.0.2.12/31'];
    expect(await kernel('deny')).toEqual(networks);
    await restart();
    expect(await list('deny')).toMatchObject([{ target: '192.0.2.10-192.0.2.13', note: 'scanners' }]);
    expect(await kernel('deny')).toEqual(networks);
    const { verdict } = (await daemon.get('/v1/explain?target=192.0.2.11')) as Explanation;
    expect(verdict).toContain('192.0.2.10-192.0.2.13 is on the denylist');
    await remove('deny', '192.0.2.10-192.0.2.13');
    expect(await kernel('deny')).toEqual([]);
  });

  test('that goes leaves in the kernel what another one covers too', async () => {
    await add('deny', '192.0.2.10-192.0.2.13');
    await add('deny', '192.0.2.12/31');
    await remove('deny', '192.0.2.10-192.0.2.13');
    expect(await kernel('deny')).toEqual(['192.0.2.12/31']);
  });

  test('ends when its time is over, in the kernel and on the disk', async () => {
    await add('deny', '192.0.2.1', { forMs: 1_000 });
    await add('deny', '192.0.2.2', { forMs: 60_000 });
    expect(await kernel('deny')).toEqual(['192.0.2.1', '192.0.2.2']);
    await waitFor('it has ended', async () => (await list('deny')).length === 1);
    expect(await kernel('deny')).toEqual(['192.0.2.2']);
    await restart();
    expect(await list('deny')).toMatchObject([{ target: '192.0.2.2', until: expect.any(Number) }]);
  });

  test('ends after a restart, too, also where its time was over meanwhile', async () => {
    await add('deny', '192.0.2.1', { forMs: 1_000 });
    await add('deny', '192.0.2.2', { until: now() + 3_000 });
    await daemon.crash();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    daemon = await bringUp(directory, {}, dns);
    expect((await list('deny')).map(({ target }) => target)).not.toContain('192.0.2.1');
    await waitFor('the other one has ended', async () => (await list('deny')).length === 0);
    expect(await kernel('deny')).toEqual([]);
  });

  test.each([
    { until: 1 },
    { forMs: 60_000, until: 9_999_999_999_999 },
    { target: '0.0.0.0/0' },
    { target: '192.0.2.9-192.0.2.1' },
    { target: 'nonsense' },
  ])('that is wrong (%j) is refused and changes nothing', async (order) => {
    await expect(add('allow', '192.0.2.1', order)).rejects.toMatchObject({ code: 'ORDER_INVALID' });
    expect(await list('allow')).toEqual([]);
  });

  test('on the denylist that holds a phone of ours in its range takes force', async () => {
    register();
    const range = '203.0.113.60-203.0.113.70';
    await expect(add('deny', range)).rejects.toMatchObject({ code: 'ORDER_REFUSED' });
    const { change } = await add('deny', range, { force: true });
    expect(change).toMatchObject({ kind: 'deny', target: range });
    await restart();
    expect(await list('deny')).toEqual([]);
    expect(await kernel('deny')).toEqual([]);
  });
});

describe('overlaps', () => {
  test('are told when an entry is added, and listed; allow wins', async () => {
    await add('allow', '203.0.113.0/24');
    const { result } = await add('deny', '203.0.113.9');
    const overruled = {
      kind: 'without-effect',
      inner: { list: 'deny', target: '203.0.113.9' },
      outer: { list: 'allow', target: '203.0.113.0/24' },
    };
    expect(result.overlaps).toEqual([overruled]);
    const { result: wider } = await add('deny', '203.0.0.0/16');
    expect(wider.overlaps.map(({ kind, inner }) => `${kind} ${inner.target}`).toSorted()).toEqual([
      'exception 203.0.113.0/24',
      'listed-twice 203.0.113.9',
    ]);
    const listed = (await daemon.get('/v1/overlaps')) as Overlap[];
    expect(listed).toContainEqual(overruled);
    expect(listed).toHaveLength(3);
    const { verdict } = (await daemon.get('/v1/explain?target=203.0.113.9')) as Explanation;
    expect(verdict).toContain('never blocked: 203.0.113.0/24 is on the allowlist');
  });
});

describe('a host name', () => {
  test('is in the kernel as its addresses, and follows them', async () => {
    records['A office.example'] = ['192.0.2.7'];
    records['AAAA office.example'] = ['2001:db8::7'];
    const { result } = await add('allow', 'Office.Example');
    expect(result).toMatchObject({ target: 'office.example', addresses: ['192.0.2.7', '2001:db8::7'] });
    expect(await kernel('allow')).toEqual(['192.0.2.7', '2001:db8::7']);
    records = { 'A office.example': ['192.0.2.8'] };
    await waitFor('it has moved', async () => (await kernel('allow')).join() === '192.0.2.8');
    await remove('allow', 'office.example');
    expect(await kernel('allow')).toEqual([]);
  });

  test('keeps its last good answer while DNS fails, over a restart too', async () => {
    records['A office.example'] = ['192.0.2.7'];
    await add('deny', 'office.example');
    records = { 'A office.example': 'failure', 'AAAA office.example': 'failure' };
    await restart();
    expect(await kernel('deny')).toEqual(['192.0.2.7']);
    records = { 'A office.example': ['192.0.2.9'] };
    await waitFor('DNS works again', async () => (await kernel('deny')).join() === '192.0.2.9');
  });

  test('that nobody knows yet is listed, and is in the kernel when it is known', async () => {
    const { result } = await add('allow', 'office.example');
    expect(result.addresses).toBeUndefined();
    expect(await kernel('allow')).toEqual([]);
    records['A office.example'] = ['192.0.2.7'];
    await waitFor('it is known', async () => (await kernel('allow')).length === 1);
  });

  test('lets nobody be denied by pointing at this machine or at a phone of ours', async () => {
    register();
    records['A office.example'] = ['192.0.2.7'];
    await add('deny', 'office.example');
    for (const address of ['198.51.100.1', office]) {
      records = { 'A office.example': [address] };
      await waitFor('it is told', () =>
        daemon.alarms.active().find(({ message }) => message.includes(address)),
      );
      expect(await kernel('deny')).toEqual(['192.0.2.7']);
    }
    records = { 'A office.example': ['192.0.2.8'] };
    await waitFor('it has moved', async () => (await kernel('deny')).join() === '192.0.2.8');
    expect(daemon.alarms.active()).toEqual([]);
  });

  test('of the allowlist lets in whoever is banned there', async () => {
    daemon.pipeline.observe(
      Array.from({ length: 11 }, (_, index) => failure({ time: now() + index, proof: proven() })),
    );
    expect(await kernel('ban')).toEqual([office]);
    await add('allow', 'office.example');
    records['A office.example'] = [office];
    await waitFor('it is let in', async () => (await kernel('ban')).length === 0);
    expect((await daemon.get('/v1/bans')) as Decision[]).toEqual([]);
  });
});

describe('an import', () => {
  const importing = async (name: ListName, text: string, more: object = {}) =>
    (await daemon.post(`/v1/lists/${name}/import`, { text, by: 'root', ...more })) as Imported;

  test('puts all of a file on the list, in kernel, memory and store', async () => {
    await add('deny', '192.0.2.3', { note: 'old' });
    const text = 'address,note\n192.0.2.1,one\n192.0.2.2-192.0.2.3,two\n192.0.2.3,new\n';
    expect(await importing('deny', text)).toMatchObject({
      format: 'csv',
      isDone: true,
      added: ['192.0.2.1', '192.0.2.2-192.0.2.3'],
      changed: ['192.0.2.3'],
      refused: [],
    });
    expect(await kernel('deny')).toEqual(['192.0.2.1', '192.0.2.2/31', '192.0.2.3']);
    await restart();
    expect((await list('deny')).map(({ target, note, author }) => [target, note, author]).toSorted()).toEqual(
      [
        ['192.0.2.1', 'one', 'root'],
        ['192.0.2.2-192.0.2.3', 'two', 'root'],
        ['192.0.2.3', 'new', 'command line'],
      ],
    );
  });

  test('of plain lines leaves the notes that are there', async () => {
    await add('deny', '192.0.2.3', { note: 'old' });
    expect(await importing('deny', '192.0.2.3\n192.0.2.4 # new\n')).toMatchObject({
      changed: [],
      unchanged: 1,
    });
    expect((await list('deny')).map(({ note }) => note)).toEqual(['old', 'new']);
  });

  test('with a bad line puts nothing on the list, and names the line', async () => {
    await add('deny', '192.0.2.9');
    const imported = await importing('deny', '192.0.2.1\n192.0.2.\n192.0.2.2\n', { replace: true });
    expect(imported).toMatchObject({ isDone: false, refused: [{ line: 2, reason: expect.any(String) }] });
    expect(await kernel('deny')).toEqual(['192.0.2.9']);
    expect(await list('deny')).toHaveLength(1);
  });

  test('that is a dry run says what would be, and does nothing', async () => {
    await add('allow', '192.0.2.9');
    expect(await importing('allow', '192.0.2.1\n', { replace: true, dryRun: true })).toMatchObject({
      isDone: false,
      added: ['192.0.2.1'],
      removed: ['192.0.2.9'],
    });
    expect(await kernel('allow')).toEqual(['192.0.2.9']);
  });

  test('that replaces takes off what the file does not name', async () => {
    await add('allow', '192.0.2.9');
    await importing('allow', '192.0.2.1\n', { replace: true });
    expect(await kernel('allow')).toEqual(['192.0.2.1']);
    await restart();
    expect(await kernel('allow')).toEqual(['192.0.2.1']);
  });

  test('of who is ours is refused by line; forced, it must be confirmed', async () => {
    register();
    const text = `192.0.2.1\n${office}\n198.51.100.1\n`;
    const { refused, isDone } = await importing('deny', text, { force: true });
    expect(isDone).toBe(false);
    expect(refused).toMatchObject([{ line: 3, reason: expect.stringContaining('own') }]);
    expect((await importing('deny', text)).refused.map(({ line }) => line)).toEqual([2, 3]);

    const forced = await importing('deny', `192.0.2.1\n${office}\n`, { force: true });
    expect(forced.changes).toMatchObject([{ kind: 'deny', target: office }]);
    expect(await kernel('deny')).toEqual(['192.0.2.1', office]);
    await restart();
    expect(await kernel('deny')).toEqual(['192.0.2.1']);
    expect((await daemon.get('/v1/unconfirmed')) as Change[]).toEqual([]);
  });

  test('that would cut off the one who gives it is refused', async () => {
    const { refused } = await importing('deny', '192.0.2.0/24\n', { from: '192.0.2.7' });
    expect(refused).toMatchObject([{ line: 1, reason: expect.stringContaining('your own session') }]);
  });

  test('to the denylist passes over what is allowed: that stays allowed', async () => {
    await add('allow', '192.0.2.7');
    expect(await importing('deny', '192.0.2.7\n192.0.2.0/24\n')).toMatchObject({ isDone: true });
    expect(await kernel('allow')).toEqual(['192.0.2.7']);
  });

  test('tells how far it is where somebody wants to know', async () => {
    const text = Array.from({ length: 1_000 }, (_, index) => `192.0.${index >> 8}.${index & 255}`).join('\n');
    const told: unknown[] = [];
    const imported = await daemon.post('/v1/lists/deny/import', { text }, (progress) => told.push(progress));
    expect(imported).toMatchObject({ isDone: true });
    expect(told).toContainEqual({ checked: 200, of: 1_000 });
    expect(told).toContainEqual({ checked: 1_000, of: 1_000 });
    const wrong = daemon.post('/v1/lists/deny/import', { text, unknown: 1 }, () => {});
    await expect(wrong).rejects.toMatchObject({ code: 'ORDER_INVALID' });
  });

  test('of what was exported changes nothing; on another machine it makes the same list', async () => {
    const host = fc
      .integer({ min: 0, max: 0xff_ffff })
      .map((bits) => `10.${bits >> 16}.${(bits >> 8) & 255}.${bits & 255}`);
    const target = fc.oneof(
      host,
      host.map((address) => `${address.replace(/\.\d+$/, '.0')}/24`),
      host.map(
        (address) => `${address.replace(/\.\d+\.\d+$/, '.0.1')}-${address.replace(/\.\d+\.\d+$/, '.0.9')}`,
      ),
      fc.stringMatching(/^[a-z]{1,8}$/).map((name) => `${name}.example`),
    );
    const note = fc.string({ maxLength: 30 });
    const record = fc.record({
      target,
      note,
      author: fc.string({ minLength: 1, maxLength: 20 }),
      time: fc.nat(),
    });
    const entries = fc.uniqueArray(record, { selector: (each) => each.target, minLength: 1, maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(entries, async (written) => {
        const text = writeCsv(written);
        expect(await importing('allow', text, { replace: true })).toMatchObject({
          isDone: true,
          refused: [],
        });
        const once = await list('allow');
        expect(once.toSorted(byTarget)).toEqual(written.toSorted(byTarget));
        expect(await importing('allow', writeCsv(once), { replace: true })).toMatchObject({
          added: [],
          changed: [],
          removed: [],
          unchanged: written.length,
        });
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  test('is all or nothing, whatever lines are bad', async () => {
    const good = fc.nat({ max: 255 }).map((host) => `192.0.2.${host}`);
    const bad = fc.constantFrom('192.0.2.256', 'nonsense', '192.0.2.0/33', '192.0.2.9-192.0.2.1');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 6, arbitrary: good }, bad), { maxLength: 8 }),
        async (lines) => {
          const before = await kernel('deny');
          const { isDone, refused } = await importing('deny', lines.join('\n'), { replace: true });
          const badLines = lines.flatMap((line, index) =>
            /^192\.0\.2\.\d+$/.test(line) && line !== '192.0.2.256' ? [] : index + 1,
          );
          expect(refused.map(({ line }) => line)).toEqual(badLines);
          expect(isDone).toBe(badLines.length === 0);
          expect(await kernel('deny')).toEqual(isDone ? [...new Set(lines)].toSorted() : before);
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);
});

function byTarget(one: ListEntry, other: ListEntry): number {
  return one.target < other.target ? -1 : 1;
}
