// How two things are compared on a machine that is never quiet: in turns, by the median of their ratios. Nothing
// here knows what is measured.

/** What one measurement took or did; both sides of a ratio use the same unit. */
export type Measure = () => number | Promise<number>;

/** Measures in turns, A B A B ..., and gives the median of A / B. */
export async function medianRatio(rounds: number, one: Measure, other: Measure): Promise<number> {
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const measured = await one();
    ratios.push(measured / (await other()));
  }
  return median(ratios);
}

/** Of an odd number of values. */
export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Milliseconds that the work takes. */
export function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
