import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { durationOption, networkOption, portsOption } from '../../src/model/options.ts';

describe('durationOption', () => {
  test('gives milliseconds, and those of the default where nothing is said', () => {
    expect(durationOption('10m').parse('90s')).toBe(90_000);
    expect(durationOption('10m').parse(undefined)).toBe(600_000);
  });

  test.each([[''], ['10'], ['10 minutes'], ['-1s'], [600], ['0s']])('refuses %p', (value) => {
    expect(durationOption('10m').safeParse(value).error?.issues[0]?.message).toMatch(/^expected /);
  });

  test('says which bound was broken', () => {
    const option = durationOption('10m', { atLeast: '1m', atMost: '1h' });
    expect(option.safeParse('59s').error?.issues[0]?.message).toBe('expected at least "1m"');
    expect(option.safeParse('61m').error?.issues[0]?.message).toBe('expected at most "1h"');
    expect(option.parse('1m')).toBe(60_000);
    expect(option.parse('1h')).toBe(3_600_000);
  });
});

describe('portsOption', () => {
  const ports = (value: unknown) => portsOption(['5060']).parse(value);

  test('reads single ports and ranges, as numbers and as text', () => {
    expect(ports(undefined)).toEqual([[5060, 5060]]);
    expect(ports([5080, '5060', '6000-6010', '7000:7010'])).toEqual([
      [5060, 5060],
      [5080, 5080],
      [6000, 6010],
      [7000, 7010],
    ]);
  });

  test.each([
    [0],
    [65_536],
    ['5070-5060'],
    ['5060-'],
    ['-5060'],
    ['5060-5070-5080'],
    ['sip'],
    [50.5],
    [null],
  ])('refuses %p and names its place in the list', (value) => {
    const issue = portsOption([]).safeParse([5060, value]).error?.issues[0];
    expect(issue?.message).toMatch(/^expected a port/);
    expect(issue?.path).toEqual([1]);
  });

  test('covers exactly the ports that were named, in ranges that do not touch', () => {
    const range = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(10));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), (named) => {
        const merged = ports(named.map(([first, more]) => `${first}-${first + more}`));
        const covered = merged.flatMap(([first, last]) => span(first, last));
        const expected = new Set(named.flatMap(([first, more]) => span(first, first + more)));
        expect(covered).toEqual([...expected].sort((one, other) => one - other));
        for (const [index, [first]] of merged.entries()) {
          if (index > 0) expect(first).toBeGreaterThan(merged[index - 1]![1] + 1);
        }
      }),
    );
  });
});

describe('networkOption', () => {
  test('gives the canonical network', () => {
    expect(networkOption().parse(' 192.0.2.77/24')).toBe('192.0.2.0/24');
    expect(networkOption().parse('2001:DB8::0001')).toBe('2001:db8::1');
  });

  test.each([['192.0.2'], ['192.0.2.0/33'], ['example.org'], [5]])('refuses %p', (value) => {
    expect(networkOption().safeParse(value).error?.issues[0]?.message).toMatch(/^expected an address/);
  });
});

function span(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
