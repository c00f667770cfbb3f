// The text of our sets for ipset. Pure.
import { isLimit, type SetName } from '../model/enforcer.ts';
import type { PortRange } from '../model/options.ts';
import {
  askedSet,
  askedSets,
  type Family,
  families,
  type MemberSet,
  memberSets,
  setCapacity,
} from './kernel-sets.ts';
import type { RuleSettings } from './rule-settings.ts';
import type { SetHeaders } from './set-headers.ts';

const portSets = ['sw-udp', 'sw-tcp', 'sw-tftp'] as const;
type PortSet = (typeof portSets)[number];

const portsIn: Readonly<Record<PortSet, (settings: RuleSettings) => readonly PortRange[]>> = {
  'sw-udp': ({ udpPorts, tftpPorts }) => [...udpPorts, ...tftpPorts],
  'sw-tcp': ({ tcpPorts }) => tcpPorts,
  'sw-tftp': ({ tftpPorts }) => tftpPorts,
};

/** Every set that may be ours, half-made ones included. */
export const kernelSetNames: readonly string[] = [
  ...memberSets.map(({ kernelName }) => kernelName),
  ...families.map(askedSet),
  ...portSets,
].flatMap((name) => [name, nextOf(name)]);

/** What of a packet is looked for in a set: its source, or its source and source port. */
export function fieldsOf(set: SetName): string {
  return set === 'port' ? 'src,src' : 'src';
}

/** What a set is made with; of one that was made otherwise, the members move to a new one. */
export function headerOf({ set, family }: Pick<MemberSet, 'set' | 'family'>): string {
  return `${typeOf(set, family)} ${inetOf(family)} maxelem ${setCapacity[set]} timeout 0 counters`;
}

function inetOf(family: Family): string {
  return family === 4 ? 'family inet' : 'family inet6';
}

function typeOf(set: SetName, family: Family): string {
  if (set === 'port') return 'hash:ip,port';
  // The kernel itself fills them, and whoever holds one address of a /64 holds all of them.
  if (isLimit(set) && family === 6) return 'hash:ip netmask 64';
  return 'hash:net';
}

/** For `ipset -exist restore`: members stay, ports change in one step. */
export function setLines(settings: RuleSettings, present: readonly Family[]): readonly string[] {
  return [
    ...memberSetsOf(present).map((set) => `create ${set.kernelName} ${headerOf(set)}`),
    ...present.map(
      (family) =>
        `create ${askedSet(family)} hash:ip,port ${inetOf(family)} maxelem ${askedSets.capacity} timeout ${askedSets.forSeconds}`,
    ),
    ...portSets.flatMap((name) => portLines(name, portsIn[name](settings))),
  ];
}

/** Sets that are not there, and sets of ports that do not hold as many ports as they should. */
export function damagedSets(
  headers: SetHeaders,
  settings: RuleSettings,
  present: readonly Family[],
): readonly string[] {
  const names = [...memberSetsOf(present).map(({ kernelName }) => kernelName), ...present.map(askedSet)];
  const missing = names.filter((name) => !headers.has(name));
  const ports = portSets.filter((name) => headers.get(name)?.members !== countPorts(portsIn[name](settings)));
  return [...missing, ...ports];
}

function memberSetsOf(present: readonly Family[]): readonly MemberSet[] {
  return memberSets.filter(({ family }) => present.includes(family));
}

function countPorts(ranges: readonly PortRange[]): number {
  return new Set(
    ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index)),
  ).size;
}

export function nextOf(set: string): string {
  return `${set}-next`;
}

function portLines(set: PortSet, ports: readonly PortRange[]): readonly string[] {
  const next = nextOf(set);
  return [
    `create ${set} bitmap:port range 0-65535`,
    `create ${next} bitmap:port range 0-65535`,
    `flush ${next}`,
    ...ports.map(([first, last]) => `add ${next} ${first}-${last}`),
    `swap ${next} ${set}`,
    `destroy ${next}`,
  ];
}
