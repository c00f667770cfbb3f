// The sets of ours in the kernel, whatever keeps them there: what they are called and how much each holds.
import { limitNames, type SetName, setNames } from '../model/enforcer.ts';

export const families = [4, 6] as const;
export type Family = (typeof families)[number];

/** Members that a set takes, for each of IPv4 and IPv6. Forged packets can fill `drop` and the sets of the limits. */
export const setCapacity: Readonly<Record<SetName, number>> = {
  allow: 262_144,
  deny: 262_144,
  order: 65_536,
  port: 65_536,
  shield: 65_536,
  ban: 262_144,
  drop: 65_536,
  invite: 65_536,
  tftp: 65_536,
  packets: 65_536,
};

/** Who asked for a file just now (address and port), so that our answers to him are known: they leave from any port. */
export const askedSets = { capacity: 65_536, forSeconds: 10 } as const;

export function askedSet(family: Family): string {
  return `sw-asked${family}`;
}

export interface MemberSet {
  readonly set: SetName;
  readonly family: Family;
  readonly kernelName: string;
}

export const memberSets: readonly MemberSet[] = [...setNames, ...limitNames].flatMap((set) =>
  families.map((family) => ({ set, family, kernelName: kernelSet(set, family) })),
);

export function kernelSet(set: SetName, family: Family): string {
  return `sw-${set}${family}`;
}
