// The text of rules that let so many packets through: for the log, and for what a stranger may send. Pure.
import { isIPv6 } from '../model/address.ts';
import type { LimitName } from '../model/enforcer.ts';
import { type Family, kernelSet } from './kernel-sets.ts';
import {
  captureLimit,
  exceptionBurst,
  type LimitSettings,
  refillMs,
  type TableLimit,
  tableLimit,
} from './rule-settings.ts';

/** Names of one generation of rules: the kernel keeps a table's old rate while an old rule still holds it. */
export interface LimitNaming {
  readonly family: Family;
  readonly generation: string;
}

export function inAll(
  name: string,
  { family, generation }: LimitNaming,
  { perSecond, burst }: Pick<TableLimit, 'perSecond' | 'burst'> = captureLimit,
): string {
  return `-m hashlimit --hashlimit-upto ${perSecond}/sec --hashlimit-burst ${burst} --hashlimit-name ${name}-all${family}${generation}`;
}

/** `rate`: such as `upto 50/sec`, `above 100/min`. */
export function perAddress(
  name: string,
  side: 'src' | 'dst',
  rate: { readonly verb: 'upto' | 'above'; readonly text: string; readonly burst: number },
  { family, generation }: LimitNaming,
  { tableSize, tableMax, expireMs, collectMs }: TableLimit = captureLimit,
): string {
  return [
    `-m hashlimit --hashlimit-${rate.verb} ${rate.text} --hashlimit-burst ${rate.burst}`,
    `--hashlimit-mode ${side}ip --hashlimit-${side}mask ${family === 4 ? 32 : 64}`,
    `--hashlimit-htable-size ${tableSize} --hashlimit-htable-max ${tableMax}`,
    `--hashlimit-htable-expire ${expireMs} --hashlimit-htable-gcinterval ${collectMs}`,
    `--hashlimit-name ${name}${family}${generation}`,
  ].join(' ');
}

/** The chain that counts; whoever exceeds goes on to the second one, and whoever was slowed already to the third. */
export function limitChains(limit: LimitName): readonly [count: string, excess: string, drop: string] {
  const name = `SW-${limit.toUpperCase()}`;
  return [name, `${name}-OVER`, `${name}-DROP`];
}

/** `logged`: what logs one packet of an excess. */
export function limitRules(settings: LimitSettings, naming: LimitNaming, logged: string): readonly string[] {
  const { name, perMinute, burst, slowedPerMinute, slowedForSeconds, exceptions } = settings;
  const { family, generation } = naming;
  const [count, excess, drop] = limitChains(name);
  const slowed = `-m set --match-set ${kernelSet(name, family)} src`;
  const all = tableLimit(refillMs(settings));
  const above = { verb: 'above', text: `${perMinute}/min`, burst } as const;
  const slowly = { verb: 'above', text: `${slowedPerMinute}/min`, burst: 1 } as const;
  const slowTable = { ...captureLimit, expireMs: refillMs({ burst: 1, perMinute: slowedPerMinute }) };
  // Whoever keeps to the limit of packets is still asked about the other limits.
  const pass = name === 'packets' ? '-j RETURN' : '-g SW-LOG';
  const own = exceptions
    .filter(({ target }) => isIPv6(target) === (family === 6))
    .flatMap((exception, index) => [
      `-A ${count} -s ${exception.target} -m hashlimit --hashlimit-above ${exception.perMinute}/min --hashlimit-burst ${exceptionBurst(settings, exception)} --hashlimit-name sw-${name}-x${index}-${family}${generation} -j DROP`,
      `-A ${count} -s ${exception.target} ${pass}`,
    ]);
  return [
    ...own,
    `-A ${count} ${slowed} ${perAddress(`sw-${name}-slow`, 'src', slowly, naming, slowTable)} -g ${drop}`,
    `-A ${count} ${slowed} ${pass}`,
    `-A ${count} ${inAll(`sw-${name}`, naming, all)} ${perAddress(`sw-${name}`, 'src', above, naming, all)} -g ${excess}`,
    `-A ${count} ${pass}`,
    `-A ${excess} ${logged}`,
    `-A ${excess} -g ${drop}`,
    `-A ${drop} -j SET --add-set ${kernelSet(name, family)} src --exist --timeout ${slowedForSeconds}`,
    `-A ${drop} -m comment --comment sw-${name} -j DROP`,
  ];
}
