import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createRepeatedRead, type ReadTiming } from '../../src/asterisk/repeated-read.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

/** Each read waits until the test ends it. */
function repeat(timing: Partial<ReadTiming> = {}) {
  const open: { succeed(): void; fail(): void }[] = [];
  const read = createRepeatedRead(
    () => new Promise<void>((resolve, reject) => open.push({ succeed: resolve, fail: reject })),
    { quietMs: 500, restMostMs: 10_000, retryLeastMs: 1_000, retryMostMs: 60_000, ...timing },
  );
  return { read, open };
}

describe('a read that is repeated', () => {
  test('happens once, soon, for many requests', async () => {
    const { read, open } = repeat();
    for (let index = 0; index < 100; index += 1) read.request();
    await pass(499);
    expect(open).toHaveLength(0);
    await pass(1);
    expect(open).toHaveLength(1);
    open[0]?.succeed();
    await pass(1_000_000);
    expect(open).toHaveLength(1);
  });

  test('happens once more for what was requested meanwhile, and never twice at a time', async () => {
    const { read, open } = repeat();
    read.request();
    await pass(500);
    read.request();
    read.request();
    await pass(1_000_000);
    expect(open).toHaveLength(1);
    open[0]?.succeed();
    await pass(10_000);
    expect(open).toHaveLength(2);
  });

  test('rests fifty times as long as it took', async () => {
    const { read, open } = repeat();
    read.request();
    await pass(500 + 20);
    open[0]?.succeed();
    await pass(0);
    read.request();
    await pass(999);
    expect(open).toHaveLength(1);
    await pass(1);
    expect(open).toHaveLength(2);
  });

  test('rests no longer than was said', async () => {
    const { read, open } = repeat();
    read.request();
    await pass(500 + 3_000);
    open[0]?.succeed();
    await pass(0);
    read.request();
    await pass(9_999);
    expect(open).toHaveLength(1);
    await pass(1);
    expect(open).toHaveLength(2);
  });

  test('is tried again after a failure until it succeeds', async () => {
    const { read, open } = repeat();
    read.request();
    await pass(500);
    for (const failures of [1, 2, 3, 4, 5, 6, 7, 8]) {
      open[failures - 1]?.fail();
      await pass(60_000);
      expect(open).toHaveLength(failures + 1);
    }
    open[8]?.succeed();
    await pass(1_000_000);
    expect(open).toHaveLength(9);
  });

  test('forgets rest and patience when it is to begin anew', async () => {
    const { read, open } = repeat({ retryLeastMs: 60_000 });
    read.request();
    await pass(500 + 3_000);
    open[0]?.fail();
    await pass(0);
    read.requestAnew();
    await pass(500);
    expect(open).toHaveLength(2);
    read.requestAnew();
    open[1]?.fail();
    await pass(500);
    expect(open).toHaveLength(3);
  });

  test('does not happen once it is closed', async () => {
    const { read, open } = repeat();
    read.request();
    await pass(500);
    read.request();
    read.close();
    open[0]?.fail();
    read.requestAnew();
    await pass(1_000_000);
    expect(open).toHaveLength(1);
  });
});
