// The rules of nftables for what a stranger may send, and for slowing him. Pure.
import { isIPv6 } from '../model/address.ts';
import type { LimitName } from '../model/enforcer.ts';
import { families } from './kernel-sets.ts';
import { addressKey, inAll, perAddress } from './nft-meters.ts';
import { type NftSet, nftSetName, sourceIn, standingSets } from './nft-sets.ts';
import { exceptionBurst, type LimitSettings, refillMs, tableLimit } from './rule-settings.ts';

/** The chain that counts; whoever exceeds goes on to the second one, and whoever was slowed already to the third. */
export function limitChains(limit: LimitName): readonly [count: string, excess: string, drop: string] {
  return [limit, `${limit}_excess`, `${limit}_drop`];
}

/** `logged`: what logs one packet of an excess. */
export function limitRules(
  settings: LimitSettings,
  sets: readonly NftSet[],
  logged: string,
): readonly string[] {
  const { name, perMinute, burst, slowedPerMinute, slowedForSeconds, exceptions } = settings;
  const [count, excess, drop] = limitChains(name);
  const all = tableLimit(refillMs(settings));
  const above = { over: true, rate: `${perMinute}/minute`, burst } as const;
  const slowly = { over: true, rate: `${slowedPerMinute}/minute`, burst: 1 } as const;
  const slowTable = { expireMs: refillMs({ burst: 1, perMinute: slowedPerMinute }) };
  // Whoever keeps to the limit of packets is still asked about the other limits.
  const pass = name === 'packets' ? 'return' : 'goto logged';
  const own = exceptions.flatMap((exception) => {
    const { target, perMinute: most } = exception;
    const source = `${isIPv6(target) ? 'ip6' : 'ip'} saddr ${target}`;
    return [
      `${count} ${source} limit rate over ${most}/minute burst ${exceptionBurst(settings, exception)} packets drop`,
      `${count} ${source} ${pass}`,
    ];
  });
  const slowed = sets
    .filter(({ set }) => set === name)
    .flatMap((set) => [
      `${count} ${sourceIn(set)} ${perAddress(`${name}_slow`, set.family, 'saddr', slowly, slowTable)} goto ${drop}`,
      `${count} ${sourceIn(set)} ${pass}`,
    ]);
  const counted = families.map(
    (family) =>
      `${count} meta nfproto ipv${family} ${inAll(all)} ${perAddress(name, family, 'saddr', above, all)} goto ${excess}`,
  );
  const putIn = standingSets
    .filter(({ set }) => set === name)
    .map(
      (set) =>
        `${drop} update @${nftSetName(set)} { ${addressKey(set.family, 'saddr')} timeout ${slowedForSeconds}s }`,
    );
  return [
    ...own,
    ...slowed,
    ...counted,
    `${count} ${pass}`,
    `${excess} ${logged}`,
    `${excess} goto ${drop}`,
    ...putIn,
    `${drop} counter name ${dropCounter(name)} drop`,
  ];
}

export function dropCounter(limit: LimitName): string {
  return `${limit}_drops`;
}
