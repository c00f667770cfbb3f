// Sets that another version of ours made otherwise: their members move to a set that is made as today, and the two are
// swapped, so that at no moment anybody who is blocked gets through. Pure.
import { headerOf, nextOf } from './ipset-sets.ts';
import type { MemberSet } from './kernel-sets.ts';

/** Of these sets the ones that are not made as they would be today. `listing`: from `ipset list -t`. */
export function outdatedSets(listing: string, sets: readonly MemberSet[]): readonly MemberSet[] {
  const headers = new Map(
    listing
      .split('\n\n')
      .map((block) => [field(block, 'Name'), `${field(block, 'Type')} ${field(block, 'Header')}`]),
  );
  return sets.filter((set) => {
    const header = headers.get(set.kernelName);
    return header !== undefined && !isHeader(header, headerOf(set));
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

function field(block: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
}

/** What the kernel chose by itself (hashsize, bucketsize, initval) says nothing. */
function isHeader(header: string, wanted: string): boolean {
  const own = header.replaceAll(/ (hashsize|bucketsize|initval) \S+/g, '');
  const words = (text: string) => text.split(' ').filter(Boolean).toSorted().join(' ');
  return words(own) === words(wanted);
}
