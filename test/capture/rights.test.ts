import { describe, expect, test } from '@jest/globals';
import { privilegesIn } from '../../src/capture/rights.ts';

describe('privileges in a process status', () => {
  const status = (uid: string, capability: string) =>
    `Name:\tnode\nUid:\t${uid}\nGid:\t0\t0\t0\t0\n` +
    ['Inh', 'Prm', 'Eff', 'Amb'].map((set) => `Cap${set}:\t0000000000000000\n`).join('') +
    `CapBnd:\t000001ffffffffff\n${capability}`;

  test('are none for a user with empty capability sets', () => {
    expect(privilegesIn(status('65534\t65534\t65534\t65534', ''))).toEqual([]);
  });

  test.each(['0\t1\t1\t1', '1\t0\t1\t1', '1\t1\t0\t1', '1\t1\t1\t0'])(
    'are seen in the user ids %j',
    (uid) => {
      expect(privilegesIn(status(uid, ''))).toHaveLength(1);
    },
  );

  test('do not take a user id that ends in a zero for root', () => {
    expect(privilegesIn(status('1000\t1000\t1000\t1000', ''))).toEqual([]);
  });

  test.each(['Inh', 'Prm', 'Eff', 'Amb'])('are seen in the capability set %s', (set) => {
    expect(privilegesIn(status('1\t1\t1\t1', `Cap${set}:\t0000000000001000\n`))).toEqual([
      `Cap${set}: 0000000000001000`,
    ]);
  });
});
