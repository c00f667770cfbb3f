// Bounded memory of what is keyed by text: of more than `most` entries the one that was used longest ago leaves. Unlike
// lru-cache's own `max` it takes no memory before it holds something; the flow has dozens of these, most of them empty.
import { LRUCache } from 'lru-cache';

export function createLru<Key extends {}, Value extends {}>(
  most: number,
  dispose?: LRUCache.Disposer<Key, Value>,
): LRUCache<Key, Value> {
  return new LRUCache<Key, Value>({ maxSize: most, sizeCalculation: () => 1, ...(dispose && { dispose }) });
}
