import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { type RunningProcess, runCommand, startProcess } from '../../src/lib/run-command.ts';
import type { StormFinding } from './event-storm-reader-program.ts';

const server = join(import.meta.dirname, 'event-storm-server-program.ts');
const reader = join(import.meta.dirname, 'event-storm-reader-program.ts');
const perSecond = 16_000;
/** More than this ends the reader. */
const heapMebibytes = 128;
/** A real Asterisk's writetimeout, as setup writes it. */
const writeTimeoutMs = '5000';

const running: RunningProcess[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) {
    child.signal('SIGKILL');
    await child.exited;
  }
});

/** `microsecondsEach`: how long the consumer takes for one event. */
async function storm(seconds: number, microsecondsEach: number) {
  const child = startProcess(process.execPath, [server, `${perSecond}`, `${seconds}`, writeTimeoutMs], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  running.push(child);
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  while (!said.includes('\n')) await once(child.stdout!, 'data');
  const { port } = JSON.parse(said) as { port: number };
  const total = perSecond * seconds;
  const { stdout } = await runCommand(
    process.execPath,
    [`--max-old-space-size=${heapMebibytes}`, reader, `${port}`, `${total}`, `${microsecondsEach}`],
    {
      timeoutMs: 300_000,
    },
  );
  while (said.split('\n').length < 3) await once(child.stdout!, 'data');
  const written = JSON.parse(said.split('\n')[1] ?? '') as { written: number; isCut: boolean };
  const found = JSON.parse(stdout) as StormFinding;
  process.stderr.write(`  ${JSON.stringify({ ...found, ...written })}\n`);
  return { ...found, ...written, total };
}

test('16,000 events a second for 30 s, with a consumer that cannot keep up: every event that is lost is counted, and memory is bounded', async () => {
  const { events, handled, shed, connections, isCut, total } = await storm(30, 120);
  expect(isCut).toBe(false);
  expect(events).toBe(total);
  expect(handled + shed).toBe(total);
  expect(shed).toBeGreaterThan(0);
  expect(connections).toBe(1);
}, 320_000);
