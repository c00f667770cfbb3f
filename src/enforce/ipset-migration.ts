// Sets that another version of ours made otherwise: their members move to a set that is made as today, and the two are
// swapped, so that at no moment anybody who is blocked gets through. Pure.
import { headerOf, nextOf } from './ipset-sets.ts';
import type { MemberSet } from './kernel-sets.ts';
import type { SetHeaders } from './set-headers.ts';

/** Of these sets the ones that are not made as they would be today. */
export function outdatedSets(headers: SetHeaders, sets: readonly MemberSet[]): readonly MemberSet[] {
  return sets.filter((set) => {
    const header = headers.get(set.kernelName);
    return header !== undefined && !isHeader(header.made, headerOf(set));
  });
}

/** For `ipset restore`; `saved` is what `ipset save` says of the set. */
export function moveLines(set: MemberSet, saved: string): readonly string[] {
  const { kernelName } = set;
  const next = nextOf(kernelName);
  const members = saved.split('\n').flatMap((line) => {
    const [verb, name, text, ...rest] = line.split(' ');
    if (verb !== 'add' || name !== kernelName || text === undefined) return [];
    const at = rest.indexOf('timeout');
    return [`add ${next} ${text} timeout ${at === -1 ? 0 : Number(rest[at + 1])}`];
  });
  return [
    `create ${next} ${headerOf(set)}`,
    `flush ${next}`,
    ...members,
    `swap ${next} ${kernelName}`,
    `destroy ${next}`,
  ];
}

/** What the kernel chose by itself (hashsize, bucketsize, initval) says nothing. */
function isHeader(header: string, wanted: string): boolean {
  const own = header.replaceAll(/ (hashsize|bucketsize|initval) \S+/g, '');
  const words = (text: string) => text.split(' ').filter(Boolean).toSorted().join(' ');
  return words(own) === words(wanted);
}
