// Numbers as they are dialled, and in how many ways each was. Bounded: what was dialled longest ago leaves first.
import { createLru } from '../lib/lru.ts';
import type { Time } from '../model/time.ts';

/** Longer ones are no prefix but another number. */
const longestPrefix = 10;

/** The last `digits` of a number, and what stands in front of them; undefined where it is shorter, or no number. */
export function splitNumber(
  dialled: string,
  digits: number,
): { readonly prefix: string; readonly number: string } | undefined {
  const plain = dialled.replace(/[\s().-]/g, '');
  if (!/^\+?[\d*#]{6,40}$/.test(plain)) return undefined;
  const [prefix, number] = [plain.slice(0, -digits), plain.slice(-digits)];
  return plain.length >= digits && prefix.length <= longestPrefix && /^\d+$/.test(number)
    ? { prefix, number }
    : undefined;
}

export interface DialledPrefixes {
  /** The different prefixes of the key that were seen in time, the latest last. */
  add(key: string, prefix: string, time: Time): readonly string[];
  forget(isMeant: (key: string) => boolean): void;
}

export function createDialledPrefixes(bounds: {
  readonly withinMs: number;
  readonly keys: number;
  /** Prefixes of one key. */
  readonly each: number;
}): DialledPrefixes {
  const { withinMs, keys, each } = bounds;
  const seen = createLru<string, Map<string, Time>>(keys);
  return {
    add(key, prefix, time) {
      const prefixes = seen.get(key) ?? new Map<string, Time>();
      seen.set(key, prefixes);
      prefixes.delete(prefix);
      prefixes.set(prefix, time);
      for (const [old, last] of prefixes) {
        if (time - last >= withinMs || prefixes.size > each) prefixes.delete(old);
        else break;
      }
      return [...prefixes.keys()];
    },
    forget(isMeant) {
      for (const key of seen.keys()) if (isMeant(key)) seen.delete(key);
    },
  };
}
