import { expect, test } from '@jest/globals';
import type { HeldEntry } from '../../src/model/enforcer.ts';
import { excessesIn } from '../../src/sense/limit-sets.ts';

const held: readonly HeldEntry[] = [
  { set: 'ban', target: '192.0.2.1' },
  { set: 'invite', target: '192.0.2.2', until: 60_000 },
  { set: 'packets', target: '192.0.2.2', until: 60_000 },
  { set: 'tftp', target: '2001:db8:9::/64', until: 60_000 },
];

test('tells of each source that the kernel slows, and of which limit', () => {
  const found = excessesIn(held, [], 1_000).map(({ limit, source, time }) => [limit, source.address, time]);
  expect(found).toEqual([
    ['invite', '192.0.2.2', 1_000],
    ['packets', '192.0.2.2', 1_000],
    ['tftp', '2001:db8:9::', 1_000],
  ]);
});

test('tells nothing of a source that is slowed because we decided it, but of its other excesses', () => {
  const slowed = [
    { set: 'invite', target: '192.0.2.2' },
    { set: 'tftp', target: '2001:db8:9::/64' },
  ] as const;
  expect(excessesIn(held, slowed, 1_000).map(({ limit }) => limit)).toEqual(['packets']);
});
