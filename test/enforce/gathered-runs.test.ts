import { describe, expect, test } from '@jest/globals';
import { createGatheredRuns } from '../../src/enforce/gathered-runs.ts';

describe('gathered runs', () => {
  test('serve together all who ask before they begin, and later ones by another run', async () => {
    let count = 0;
    const runs = createGatheredRuns(async () => {
      count += 1;
    }, 1);
    await Promise.all([runs.ask(), runs.ask(), runs.ask()]);
    expect(count).toBe(1);
    await runs.ask();
    expect(count).toBe(2);
    await runs.finish();
  });

  test('fail for those who asked for that run alone', async () => {
    let isFailing = true;
    const runs = createGatheredRuns(async () => {
      if (isFailing) throw new Error('no');
    }, 1);
    await expect(runs.ask()).rejects.toThrow('no');
    isFailing = false;
    await expect(runs.ask()).resolves.toBeUndefined();
    await runs.finish();
  });

  test('are finished without the pause', async () => {
    let count = 0;
    const runs = createGatheredRuns(async () => {
      count += 1;
    }, 3_600_000);
    await runs.ask();
    const later = runs.ask();
    await runs.finish();
    await later;
    expect(count).toBe(2);
  });
});
