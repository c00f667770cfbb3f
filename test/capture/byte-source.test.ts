import { closeSync, constants, createWriteStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { readBytes } from '../../src/capture/byte-source.ts';
import { runCommand } from '../../src/lib/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'swt-bytes-'));
const fifo = join(folder, 'fifo');
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('hands on every byte in its order, however small the pieces and however many', async () => {
  await runCommand('mkfifo', [fifo]);
  const reading = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = createWriteStream(fifo);
  const pieces: Buffer[] = [];
  let calls = 0;
  const ended = new Promise<void>((onEnd) =>
    readBytes(reading, {
      onBytes(bytes) {
        calls += 1;
        pieces.push(Buffer.from(bytes));
      },
      onEnd,
    }),
  );
  const writes = 3_000;
  for (let index = 0; index < writes; index += 1) {
    writing.write(`${index}\n`);
    if (index % 10 === 0) await delay(0);
  }
  await new Promise((resolve) => writing.end(resolve));
  await ended;
  const expected = Array.from({ length: writes }, (_, index) => `${index}\n`).join('');
  expect(Buffer.concat(pieces).toString()).toBe(expected);
  expect(calls).toBeLessThan(writes);
  // It was closed with the stream: closing it again is refused.
  expect(() => closeSync(reading)).toThrow('EBADF');
});
