import { constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createOutbox } from '../../src/capture/outbox.ts';
import { runCommand } from '../../src/lib/run-command.ts';
import { scan } from '../observations.ts';
import { waitFor } from '../wait-for.ts';

const counters = { kind: 'counters', counters: { packets: 1 } } as const;
const many = Array.from({ length: 100_000 }, () => scan());
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'swt-outbox-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** An outbox that writes into a FIFO, which nobody reads before `read` is called. */
async function openOutbox() {
  const fifo = join(directory, 'fifo');
  await runCommand('mkfifo', [fifo]);
  const reading = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  let gone = 0;
  const outbox = createOutbox(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK), () => {
    gone += 1;
  });
  const reader = () => new Socket({ fd: reading, readable: true, writable: false });
  const read = async () => (await buffer(reader())).toString().trimEnd().split('\n');
  return { outbox, read, reader, gone: () => gone };
}

test('sheds what a daemon that does not read has no room for, and the rest arrives', async () => {
  const { outbox, read, gone } = await openOutbox();
  const shed = outbox.sendObservations(many);
  expect(shed).toBeGreaterThan(0);
  expect(shed).toBeLessThan(many.length);
  outbox.end(counters, () => {});
  const lines = (await read()).map((line) => JSON.parse(line));
  expect(lines.at(-1)).toEqual(counters);
  const arrived = lines.slice(0, -1).reduce((sum, { list }) => sum + list.length, 0);
  expect(arrived).toBe(many.length - shed);
  expect(gone()).toBe(0);
});

// Counters that fell due while the last bytes waited once made the sidecar end as if the daemon were gone.
test('refuses a message after its end, and what waits arrives all the same', async () => {
  const { outbox, read, gone } = await openOutbox();
  expect(outbox.sendObservations(many.slice(0, 2_000))).toBe(0);
  outbox.end(counters, () => {});
  expect(outbox.send(counters)).toBe(false);
  expect(outbox.sendObservations([scan()])).toBe(1);
  expect(JSON.parse((await read()).at(-1) ?? '')).toEqual(counters);
  expect(gone()).toBe(0);
});

test('says that the daemon is gone', async () => {
  const { outbox, reader, gone } = await openOutbox();
  reader().destroy();
  await waitFor('the outbox notices', () => {
    outbox.send(counters);
    return gone() > 0;
  });
});
