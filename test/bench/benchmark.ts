// What every benchmark is, and how its figure is judged and shown.

export interface Benchmark {
  readonly name: string;
  /** How the ratio must compare with the bar. */
  readonly must: '>=' | '<=' | '<';
  readonly bar: number;
  /** Cleans up after itself, also where it fails. */
  run(): Promise<number>;
}

export interface Result {
  readonly name: string;
  readonly ratio: number;
  readonly bar: number;
  readonly ok: boolean;
}

export function judge({ name, must, bar }: Benchmark, ratio: number): Result {
  const isKept = { '>=': ratio >= bar, '<=': ratio <= bar, '<': ratio < bar }[must];
  return { name, ratio: Number(ratio.toPrecision(4)), bar, ok: isKept };
}

export function formatTable(benchmarks: readonly Benchmark[], results: readonly Result[]): string {
  const row = (name: string, ratio: string, bar: string, ok: string) =>
    `${name.padEnd(22)}${ratio.padStart(10)}${bar.padStart(10)}  ${ok}\n`;
  const rows = results.map(({ name, ratio, bar, ok }, index) =>
    row(name, String(ratio), `${benchmarks[index]?.must} ${bar}`, ok ? 'yes' : 'NO'),
  );
  return [row('name', 'ratio', 'bar', 'ok'), ...rows].join('');
}
