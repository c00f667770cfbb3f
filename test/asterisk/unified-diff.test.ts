import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { unifiedDiff } from '../../src/asterisk/unified-diff.ts';

test('shows a change with three lines around it', () => {
  expect(unifiedDiff('f', '1\n2\n3\n4\n5\n6\n7\n8\n9\n', '1\n2\n3\n4\nfive\n6\n7\n8\n9\n')).toBe(
    '--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n',
  );
});

test('names no file where there was or will be none', () => {
  expect(unifiedDiff('f', undefined, 'a\n')).toBe('--- /dev/null\n+++ f\n@@ -0,0 +1,1 @@\n+a\n');
  expect(unifiedDiff('f', 'a\n', undefined)).toBe('--- f\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n');
});

test('holds all that is needed to make the new text of the old one', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 });
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const diff = unifiedDiff('f', before.join('\n'), after.join('\n'));
      expect(patch(before.join('\n') ? before : [], diff)).toEqual(after.join('\n') ? after : []);
    }),
  );
});

/** Applies a diff as its reader would: what it says was there must have been there. */
function patch(before: readonly string[], diff: string): readonly string[] {
  const after: string[] = [];
  let taken = 0;
  for (const line of diff.split('\n').slice(2, -1)) {
    const hunk = /^@@ -(\d+),(\d+) /.exec(line);
    if (hunk) {
      const start = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1);
      after.push(...before.slice(taken, start));
      taken = start;
      continue;
    }
    if (line[0] !== '+') expect(before[taken++]).toBe(line.slice(1));
    if (line[0] !== '-') after.push(line.slice(1));
  }
  return [...after, ...before.slice(taken)];
}
