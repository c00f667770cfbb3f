// The text of what counts packets in nftables: so many a second of everybody, and of each address. Pure.
import { limitNames } from '../model/enforcer.ts';
import { type Family, families } from './kernel-sets.ts';
import { captureLimit, type TableLimit } from './rule-settings.ts';

/** A limit for each address, whose buckets are elements of a set: which of them, in the rules of one family. */
export const meterNames = [
  'in',
  'out',
  'syn',
  'gst',
  'gsy',
  'file',
  'gfile',
  ...limitNames,
  ...limitNames.map((limit) => `${limit}_slow` as const),
] as const;
export type MeterName = (typeof meterNames)[number];

export type Rate = `${number}/${'second' | 'minute'}`;

/** Whose packets these are: an IPv4 address, or one /64. */
export function addressKey(family: Family, side: 'saddr' | 'daddr'): string {
  return family === 4 ? `ip ${side}` : `ip6 ${side} & ffff:ffff:ffff:ffff::`;
}

/** A full set of buckets takes no more addresses, and what is not counted matches no rule: so this stands first. */
export function inAll({ perSecond, burst }: Pick<TableLimit, 'perSecond' | 'burst'> = captureLimit): string {
  return `limit rate ${perSecond}/second burst ${burst} packets`;
}

export function perAddress(
  name: MeterName,
  family: Family,
  side: 'saddr' | 'daddr',
  limit: { readonly over?: true; readonly rate: Rate; readonly burst: number },
  { expireMs }: Pick<TableLimit, 'expireMs'> = captureLimit,
): string {
  const rate = `limit rate ${limit.over ? 'over ' : ''}${limit.rate} burst ${limit.burst} packets`;
  const timeout = `timeout ${Math.ceil(expireMs / 1_000)}s`;
  return `update @${meterSet(name, family)} { ${addressKey(family, side)} ${timeout} ${rate} }`;
}

/** A bucket keeps the rate that it was made with, so all of them are made anew with the rules. */
export const meterLines: readonly string[] = meterNames.flatMap((name) =>
  families.flatMap((family) => {
    const set = `inet sipwarden ${meterSet(name, family)}`;
    const type = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
    return [
      `add set ${set} { type ${type}; size ${captureLimit.tableMax}; flags dynamic,timeout; }`,
      `flush set ${set}`,
    ];
  }),
);

function meterSet(name: MeterName, family: Family): string {
  return `meter_${name}${family}`;
}
