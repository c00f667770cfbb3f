// Seconds and targets as the kernel takes them.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkTarget, timeoutSeconds } from '../../src/enforce/member.ts';

describe('a time-out', () => {
  test.each([
    [undefined, 0],
    [1_001, 1],
    [2_000, 1],
    [2_001, 2],
    [1_000, undefined],
    [999, undefined],
    [Number.MAX_SAFE_INTEGER, 2_147_483],
  ])('until %p, at 1000, is of %p seconds', (until, seconds) => {
    expect(timeoutSeconds(until, 1_000)).toBe(seconds);
  });
});

test('whatever text comes, the target is one word of hexadecimal digits, dots, colons and a slash, or is refused', () => {
  const addressLike = fc.stringMatching(/^[0-9a-fx:./ \n-]{0,50}$/);
  const target = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4Extended(),
    addressLike,
  );
  fc.assert(
    fc.property(target, (text) => {
      let checked = '';
      try {
        checked = checkTarget(text);
      } catch (error) {
        expect(error).toMatchObject({ code: 'FIREWALL_REFUSED_TARGET' });
        return;
      }
      expect(checked).toMatch(/^[0-9a-f:.]+(\/\d{1,3})?$/);
      expect(checkTarget(checked)).toBe(checked);
    }),
    { numRuns: 2_000 },
  );
});
