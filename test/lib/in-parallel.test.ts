import { describe, expect, test } from '@jest/globals';
import { inParallel } from '../../src/lib/in-parallel.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('tasks in parallel', () => {
  test('give their results in the order of the items', async () => {
    const results = await inParallel([3, 1, 2], 2, async (turns) => {
      for (let index = 0; index < turns; index += 1) await turn();
      return turns * 10;
    });
    expect(results).toEqual([30, 10, 20]);
  });

  test('are never more at a time than was said', async () => {
    let running = 0;
    let most = 0;
    await inParallel(Array.from({ length: 50 }), 4, async () => {
      running += 1;
      most = Math.max(most, running);
      await turn();
      running -= 1;
    });
    expect(most).toBe(4);
  });

  test('end with the first failure, and no further one begins', async () => {
    const begun: number[] = [];
    const failing = inParallel([1, 2, 3, 4, 5, 6], 2, async (item) => {
      begun.push(item);
      await turn();
      if (item === 2) throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await turn();
    await turn();
    expect(begun).not.toContain(5);
  });

  test('are nothing where there is nothing to do', async () => {
    expect(await inParallel([], 8, async () => 1)).toEqual([]);
  });
});
