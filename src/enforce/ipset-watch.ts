// Nobody tells of changes of ipset's sets, nor of rules of iptables-legacy. So the sets' headers are read now and then:
// how many rules name a set and how many members it has, without reading rules or members.
import { limitNames, type Touched } from '../model/enforcer.ts';
import { askedSet, families, kernelSet } from './kernel-sets.ts';
import type { SetHeader, SetHeaders } from './set-headers.ts';

/** Between two looks, of which each is a fork: 0.3 % of a processor. Milliseconds. */
const lookEveryMs = 3_000;

/** Returns what ends it. Headers that cannot be read are a reason to look closer. */
export function watchSets(
  readHeaders: () => Promise<SetHeaders>,
  onChange: (touched: Touched) => void,
): () => void {
  let last: SetHeaders | undefined;
  let isStopped = false;
  let next: NodeJS.Timeout;

  const look = async () => {
    const headers = await readHeaders().catch(() => undefined);
    if (isStopped) return;
    const touched = headers ? last && compare(last, headers) : 'members';
    last = headers;
    wait();
    if (touched) onChange(touched);
  };
  const wait = () => {
    next = setTimeout(look, lookEveryMs).unref();
  };

  void look();
  return () => {
    isStopped = true;
    clearTimeout(next);
  };
}

/** Who asked for a file is a member for seconds, and a whole office goes at once. */
const shortLived: ReadonlySet<string> = new Set(families.map(askedSet));

/** Members that the kernel puts in by itself. */
const limitSets: ReadonlySet<string> = new Set(
  families.flatMap((family) => limitNames.map((limit) => kernelSet(limit, family))),
);

/**
 * Members run out one by one; a set that lost more than half of them between two looks was flushed. The first one in a
 * set of those who are slowed is somebody new.
 */
function compare(before: SetHeaders, after: SetHeaders): Touched | undefined {
  const pairs = [...before.values()].map((header) => [header, after.get(header.name)] as const);
  const isFlushed = ({ name, members }: SetHeader, now: SetHeader) =>
    !shortLived.has(name) && now.members < members / 2;
  const isBegun = ({ name, members }: SetHeader, now: SetHeader) =>
    limitSets.has(name) && members === 0 && now.members > 0;
  if (pairs.some(([header, now]) => !now || isFlushed(header, now) || isBegun(header, now))) return 'members';
  if (pairs.some(([{ references }, now]) => now?.references !== references)) return 'rules';
  return undefined;
}
