// What is left of sources that had to make room: how many messages, first and last when. Fixed in size, whatever is
// forged: of eight that share a place the one with the fewest messages leaves, so that who comes again and again stays.
import type { FadedCounts } from '../model/detection.ts';

const slots = 8;
const defaultBuckets = 2 ** 16;
const largestCount = 0xffff;
/** No detector looks back further. Seconds. */
const worthlessAfter = 86_400;

/** 14 bytes for each of eight slots a bucket. `seed`: so that nobody outside knows who shares a place with whom. */
export function createFadedCounts(seed: number, buckets = defaultBuckets): FadedCounts {
  const size = buckets * slots;
  const tags = new Uint32Array(size);
  const counts = new Uint16Array(size);
  const firsts = new Uint32Array(size);
  const lasts = new Uint32Array(size);

  const bucketOf = (key: string) => (hash(key, seed) % buckets) * slots;
  /** 0 is an empty slot. */
  const tagOf = (key: string) => hash(key, seed ^ 0x9e37_79b9) || 1;
  const find = (from: number, tag: number): number | undefined => {
    for (let at = from; at < from + slots; at += 1) if (tags[at] === tag) return at;
    return undefined;
  };
  const weakest = (from: number, now: number): number => {
    const worth = (at: number) => (tags[at] === 0 || lasts[at]! + worthlessAfter < now ? 0 : counts[at]!);
    let found = from;
    for (let at = from + 1; at < from + slots; at += 1) {
      const [one, other] = [worth(at), worth(found)];
      if (one < other || (one === other && lasts[at]! < lasts[found]!)) found = at;
    }
    return found;
  };

  return {
    put(key, { count, firstTime, lastTime }) {
      const [from, tag, last] = [bucketOf(key), tagOf(key), Math.floor(lastTime / 1_000)];
      const at = find(from, tag) ?? weakest(from, last);
      tags[at] = tag;
      counts[at] = Math.min(count, largestCount);
      firsts[at] = Math.floor(firstTime / 1_000);
      lasts[at] = last;
    },
    take(key) {
      const at = find(bucketOf(key), tagOf(key));
      if (at === undefined) return undefined;
      tags[at] = 0;
      return { count: counts[at]!, firstTime: firsts[at]! * 1_000, lastTime: lasts[at]! * 1_000 };
    },
  };
}

/** FNV-1a over UTF-16 units, well mixed at the end. */
function hash(text: string, seed: number): number {
  let value = seed ^ 0x811c_9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x0100_0193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2_ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
