// Many small tasks, a few at a time.

/** Results in the order of the items. Rejects with the first failure, and begins nothing more after it. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  task: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  let hasFailed = false;
  const work = async (): Promise<void> => {
    for (const [index, item] of entries) {
      if (hasFailed) return;
      results[index] = await task(item);
    }
  };
  const workers = Array.from({ length: Math.min(width, items.length) }, async () => {
    try {
      await work();
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  });
  await Promise.all(workers);
  return results;
}
