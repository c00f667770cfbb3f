import { expect, test } from '@jest/globals';
import { createLru } from '../../src/lib/lru.ts';

test('of more than it may hold the one that was used longest ago leaves', () => {
  const left: string[] = [];
  const lru = createLru<string, number>(2, (_value, key, reason) => void left.push(`${key} ${reason}`));
  lru.set('a', 1).set('b', 2);
  lru.get('a');
  lru.set('c', 3);
  expect([...lru.keys()].toSorted()).toEqual(['a', 'c']);
  expect(left).toEqual(['b evict']);
});
