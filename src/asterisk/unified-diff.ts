// The difference of two short texts, as `diff -u` writes it. For people; nothing reads it back.

interface Step {
  readonly mark: ' ' | '-' | '+';
  readonly line: string;
}

const contextLines = 3;

/** Undefined stands for a file that is not there. Takes time and memory with the product of the line counts. */
export function unifiedDiff(path: string, before: string | undefined, after: string | undefined): string {
  const steps = compare(linesOf(before), linesOf(after));
  const head = [
    `--- ${before === undefined ? '/dev/null' : path}`,
    `+++ ${after === undefined ? '/dev/null' : path}`,
  ];
  return `${[...head, ...hunksOf(steps)].join('\n')}\n`;
}

function linesOf(text = ''): readonly string[] {
  if (text === '') return [];
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}

/** By the longest common subsequence; deletions come before additions. */
function compare(before: readonly string[], after: readonly string[]): readonly Step[] {
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number) => common[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      common[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const steps: Step[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    if (row < before.length && column < after.length && before[row] === after[column]) {
      steps.push({ mark: ' ', line: before[row]! });
      row += 1;
      column += 1;
    } else if (
      row < before.length &&
      (column >= after.length || at(row + 1, column) >= at(row, column + 1))
    ) {
      steps.push({ mark: '-', line: before[row]! });
      row += 1;
    } else {
      steps.push({ mark: '+', line: after[column]! });
      column += 1;
    }
  }
  return steps;
}

function hunksOf(steps: readonly Step[]): readonly string[] {
  const isShown = steps.map((_, index) =>
    steps.slice(Math.max(0, index - contextLines), index + contextLines + 1).some(({ mark }) => mark !== ' '),
  );
  const output: string[] = [];
  let before = 1;
  let after = 1;
  for (let index = 0; index < steps.length; index += 1) {
    if (isShown[index] && !isShown[index - 1]) {
      const end = isShown.indexOf(false, index);
      const hunk = steps.slice(index, end < 0 ? steps.length : end);
      const oldLines = hunk.filter(({ mark }) => mark !== '+').length;
      const newLines = hunk.filter(({ mark }) => mark !== '-').length;
      output.push(`@@ -${range(before, oldLines)} +${range(after, newLines)} @@`);
      output.push(...hunk.map(({ mark, line }) => mark + line));
    }
    if (steps[index]?.mark !== '+') before += 1;
    if (steps[index]?.mark !== '-') after += 1;
  }
  return output;
}

function range(start: number, count: number): string {
  return `${count === 0 ? start - 1 : start},${count}`;
}
