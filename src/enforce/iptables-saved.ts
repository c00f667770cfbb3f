// What iptables-save says of the table raw: which of it is ours, and what has to change there. Pure.
import { chainNames } from './iptables-rules.ts';

/** The rules of each chain of ours that is there, in order. */
export function chainsIn(saved: readonly string[]): ReadonlyMap<string, string> {
  const there = chainNames.filter((chain) => saved.some((line) => line.startsWith(`:${chain} `)));
  return new Map(there.map((chain) => [chain, rulesIn(saved, chain).join('\n')]));
}

/** Whether each chain has as many rules as it was made with. */
export function areAllThere(chains: ReadonlyMap<string, string>, made: readonly string[]): boolean {
  return chainNames.every((chain) => {
    const rules = chains.get(chain)?.split('\n').filter(Boolean);
    return rules?.length === rulesIn(made, chain).length;
  });
}

function rulesIn(lines: readonly string[], chain: string): readonly string[] {
  return lines.filter((line) => line.startsWith(`-A ${chain} `));
}

/** Nothing where all jumps are there, in order and before the rules of others; otherwise they are made anew. */
export function jumpChanges(saved: readonly string[], wanted: readonly string[]): readonly string[] {
  const isRight = ['PREROUTING', 'OUTPUT'].every((chain) => {
    const first = rulesIn(wanted, chain);
    const there = rulesIn(saved, chain);
    const isOnce = jumpsIn(there).length === first.length;
    // Some versions print two spaces after `-m physdev`.
    return isOnce && first.every((rule, index) => there[index]?.replaceAll(/ +/g, ' ') === rule);
  });
  if (isRight) return [];
  const inserted = wanted.toReversed().map((rule) => rule.replace(/^-A (\S+)/, '-I $1 1'));
  return [...jumpsIn(saved).map(deletion), ...inserted];
}

/** Jumps first, then chains: for whatever part of them there is. */
export function removalLines(saved: readonly string[]): readonly string[] {
  const chains = chainNames.filter((chain) => saved.some((line) => line.startsWith(`:${chain} `)));
  return [
    ...jumpsIn(saved).map(deletion),
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.map((chain) => `-X ${chain}`),
  ];
}

/** Rules that lead from chains of others into ours. */
function jumpsIn(saved: readonly string[]): readonly string[] {
  return saved.filter((line) => {
    const [, chain = ''] = /^-A (\S+)/.exec(line) ?? [];
    const [, target = ''] = / -[jg] (\S+)$/.exec(line) ?? [];
    return !isOurs(chain) && isOurs(target);
  });
}

function isOurs(chain: string): boolean {
  return chainNames.includes(chain);
}

function deletion(rule: string): string {
  return rule.replace(/^-A/, '-D');
}
