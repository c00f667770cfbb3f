import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { SipwardenError } from '../../src/model/error.ts';
import type { RefusedWrites, Statement } from '../../src/store/protocol.ts';
import { createWriteQueue } from '../../src/store/write-queue.ts';

interface Batch {
  readonly keys: readonly unknown[];
  succeed(refused?: RefusedWrites): void;
  fail(error: SipwardenError): void;
}

let batches: Batch[];
let failing: number[];
let wellCount: number;
beforeEach(() => {
  batches = [];
  failing = [];
  wellCount = 0;
});

const write = (key: string): Statement => ({ name: 'removeShield', parameters: { address: key } });
const full = new SipwardenError('STORE_FULL', 'the disk is full');

function createQueue(capacity = 100) {
  return createWriteQueue({
    capacity,
    commit: (writes) =>
      new Promise((resolve, reject) => {
        const keys = writes.map(({ parameters }) => parameters.address);
        batches.push({ keys, succeed: (refused = new Map()) => resolve(refused), fail: reject });
      }),
    onFailing: (_error, waiting) => void failing.push(waiting),
    onWell: () => {
      wellCount += 1;
    },
  });
}

async function batch(index: number): Promise<Batch> {
  for (let tries = 0; tries < 100_000 && batches.length <= index; tries += 1) await nextTurn();
  expect(batches.length).toBe(index + 1);
  return batches[index]!;
}

test('writes that arrive together share a transaction, and those that arrive meanwhile share the next', async () => {
  const queue = createQueue();
  const first = [queue.add(write('a')), queue.add(write('b'))];
  expect((await batch(0)).keys).toEqual(['a', 'b']);
  const second = [queue.add(write('c')), queue.add(write('d'))];
  batches[0]?.succeed();
  await Promise.all(first);
  expect((await batch(1)).keys).toEqual(['c', 'd']);
  batches[1]?.succeed();
  await Promise.all(second);
  expect(queue.counters()).toMatchObject({ waiting: 0, written: 4 });
});

test('a write is not acknowledged before its transaction', async () => {
  const queue = createQueue();
  let isAcknowledged = false;
  const added = queue.add(write('a')).then(() => {
    isAcknowledged = true;
  });
  const { succeed } = await batch(0);
  await nextTurn();
  expect(isAcknowledged).toBe(false);
  succeed();
  await added;
});

test('a failed write rejects at once, is tried again, and goes before later ones', async () => {
  const queue = createQueue();
  const first = queue.add(write('a'));
  (await batch(0)).fail(full);
  await expect(first).rejects.toBe(full);
  const second = queue.add(write('b'));
  expect((await batch(1)).keys).toEqual(['a', 'b']);
  batches[1]?.succeed();
  await second;
  expect(failing).toEqual([1]);
  expect(wellCount).toBe(1);
});

test('while the disk fails, a new write learns of it at the next try', async () => {
  const queue = createQueue();
  void queue.add(write('a'));
  (await batch(0)).fail(full);
  const added = queue.add(write('b'));
  (await batch(1)).fail(full);
  await expect(added).rejects.toBe(full);
  expect(queue.counters()).toMatchObject({ waiting: 2, failedTries: 2 });
  await closeFailing(queue);
});

test('a write that the database will never accept is given up alone', async () => {
  const queue = createQueue();
  const [good, bad] = [queue.add(write('a')), queue.add(write('b'))];
  (await batch(0)).succeed(new Map([[1, 'datatype mismatch']]));
  await good;
  await expect(bad).rejects.toMatchObject({ code: 'STORE_REFUSED' });
  expect(queue.counters()).toMatchObject({ waiting: 0, written: 1, refused: 1 });
});

test('holds no more than its capacity, and counts what it gave up', async () => {
  const queue = createQueue(2);
  const added = [queue.add(write('a')), queue.add(write('b'))];
  await expect(queue.add(write('c'))).rejects.toMatchObject({ code: 'STORE_OVERFLOW' });
  (await batch(0)).succeed();
  await Promise.all(added);
  expect(queue.counters()).toMatchObject({ waiting: 0, written: 2, overflowed: 1 });
});

test('a rejection that nobody waits for does not end the process', async () => {
  const unhandled = jest.fn();
  process.on('unhandledRejection', unhandled);
  const queue = createQueue();
  void queue.add(write('a'));
  (await batch(0)).fail(full);
  await nextTurn();
  expect(unhandled).not.toHaveBeenCalled();
  process.off('unhandledRejection', unhandled);
  await closeFailing(queue);
});

test('closing writes what is left and takes nothing more', async () => {
  const queue = createQueue();
  const added = queue.add(write('a'));
  const closed = queue.close();
  (await batch(0)).succeed();
  await added;
  expect(await closed).toBe(0);
  await expect(queue.add(write('b'))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
});

async function closeFailing(queue: ReturnType<typeof createQueue>): Promise<void> {
  const next = batches.length;
  const closed = queue.close();
  (await batch(next)).fail(full);
  expect(await closed).toBeGreaterThan(0);
}
