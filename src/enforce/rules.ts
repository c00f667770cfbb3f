// The text of our sets and chains for one configuration. Pure: it runs nothing and reads nothing.
// A packet to a port that is not protected meets none of these rules but the jump that passes it by.
import { createHash } from 'node:crypto';
import { type SetName, setNames } from '../model/enforcer.ts';
import type { PortRange } from '../model/options.ts';

export const families = [4, 6] as const;
export type Family = (typeof families)[number];

export interface RuleSettings {
  readonly udpPorts: readonly PortRange[];
  readonly tcpPorts: readonly PortRange[];
  readonly nflogGroup: number;
  /** Packets of one source (and answers to one destination) that reach the sidecar. */
  readonly logLimitPerSecond: number;
}

/** Every chain of ours, in the table `raw`. */
export const chainNames = [
  'SIPWARDEN',
  'SW-LOG',
  'SW-OUT',
  'SW-SYN',
  'SW-CHALLENGE',
  'SW-ANSWER',
  'SW-DEFRAG',
] as const;

/** What leads into them, as iptables-save prints it. */
export const jumpRules = [
  '-A PREROUTING -p udp -m set --match-set sw-udp dst -j SIPWARDEN',
  '-A PREROUTING -p tcp -m set --match-set sw-tcp dst -j SIPWARDEN',
  '-A OUTPUT -p udp -m set --match-set sw-udp src -j SW-OUT',
  '-A OUTPUT -p tcp -m set --match-set sw-tcp src -j SW-OUT',
] as const;

/** Every set that may be ours, half-made ones included. */
export const kernelSetNames: readonly string[] = [
  ...setNames.flatMap((set) => families.map((family) => kernelSet(set, family))),
  ...['sw-udp', 'sw-tcp'].flatMap((set) => [set, `${set}-next`]),
];

export function kernelSet(set: SetName, family: Family): string {
  return `sw-${set}${family}`;
}

/** Members that a set takes, for each of IPv4 and IPv6. `drop` is filled by evidence that can be forged. */
export const setCapacity: Readonly<Record<SetName, number>> = {
  allow: 65_536,
  deny: 262_144,
  order: 65_536,
  port: 65_536,
  shield: 65_536,
  ban: 262_144,
  drop: 65_536,
};

/** How the kernel keeps a set, and what of a packet it looks for there: its source, or its source and source port. */
function kindOf(set: SetName): { readonly type: string; readonly fields: string } {
  return set === 'port' ? { type: 'hash:ip,port', fields: 'src,src' } : { type: 'hash:net', fields: 'src' };
}

/** For `ipset -exist restore`: members stay, ports change in one step. */
export function setLines(settings: RuleSettings, presentFamilies: readonly Family[]): readonly string[] {
  const members = presentFamilies.flatMap((family) =>
    setNames.map(
      (set) =>
        `create ${kernelSet(set, family)} ${kindOf(set).type} family ${family === 4 ? 'inet' : 'inet6'} maxelem ${setCapacity[set]} timeout 0`,
    ),
  );
  return [...members, ...portLines('sw-udp', settings.udpPorts), ...portLines('sw-tcp', settings.tcpPorts)];
}

function portLines(set: string, ports: readonly PortRange[]): readonly string[] {
  const next = `${set}-next`;
  return [
    `create ${set} bitmap:port range 0-65535`,
    `create ${next} bitmap:port range 0-65535`,
    `flush ${next}`,
    ...ports.map(([first, last]) => `add ${next} ${first}-${last}`),
    `swap ${next} ${set}`,
    `destroy ${next}`,
  ];
}

/**
 * Our chains with their rules, for (ip|ip6)tables-restore. A changed rate needs new hashlimit names, because the
 * kernel keeps a table's old rate while an old rule still holds it; so the names carry a hash of the text.
 */
export function chainLines(family: Family, settings: RuleSettings): readonly string[] {
  const text = ruleLines(family, settings, '').join('\n');
  const generation = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return [
    ...chainNames.map((chain) => `:${chain} - [0:0]`),
    ...ruleLines(family, settings, `${family}-${generation}`),
  ];
}

const verdicts: Readonly<Record<SetName, string>> = {
  allow: '-g SW-LOG',
  deny: '-j DROP',
  order: '-j DROP',
  port: '-j DROP',
  shield: '-g SW-LOG',
  ban: '-j DROP',
  drop: '-j DROP',
};

/** "SIP/2.0 " where the payload starts, then a status (u32: after the IP header's length; IPv6 without extensions). */
const statusLine = {
  4: {
    udp: (status: string) => `0>>22&0x3C@8=0x5349502F&&0>>22&0x3C@12=0x322E3020&&0>>22&0x3C@16${status}`,
    tcp: (status: string) =>
      `0>>22&0x3C@12>>26&0x3C@0=0x5349502F&&0>>22&0x3C@12>>26&0x3C@4=0x322E3020&&0>>22&0x3C@12>>26&0x3C@8${status}`,
  },
  6: {
    udp: (status: string) => `48=0x5349502F&&52=0x322E3020&&56${status}`,
    tcp: (status: string) => `52>>26&0x3C@40=0x5349502F&&52>>26&0x3C@44=0x322E3020&&52>>26&0x3C@48${status}`,
  },
} as const;
/** The first digit of 1xx, 2xx and 4xx. */
const answers = '>>24=0x31,0x32,0x34';
/** "401 " and "407 ". */
const challenges = '=0x34303120,0x34303720';

function ruleLines(family: Family, settings: RuleSettings, generation: string): readonly string[] {
  const { inAll, perAddress } = limits(family, settings, generation);
  const log = (name: string, side: 'src' | 'dst') =>
    `${inAll(name)} ${perAddress(name, side)} ${nflog(name, settings)}`;
  const answered = (protocol: 'udp' | 'tcp', status: string) =>
    `-A SW-OUT -p ${protocol} -m u32 --u32 "${statusLine[family][protocol](status)}"`;
  return [
    ...setNames.map(
      (set) =>
        `-A SIPWARDEN -m set --match-set ${kernelSet(set, family)} ${kindOf(set).fields} ${verdicts[set]}`,
    ),
    '-A SIPWARDEN -g SW-LOG',
    `-A SW-LOG ${log('sw-in', 'src')}`,
    '-A SW-OUT -p tcp --tcp-flags SYN,ACK SYN,ACK -g SW-SYN',
    ...(['udp', 'tcp'] as const).flatMap((protocol) => [
      `${answered(protocol, challenges)} -g SW-CHALLENGE`,
      `${answered(protocol, answers)} -g SW-ANSWER`,
    ]),
    `-A SW-SYN ${log('sw-syn', 'dst')}`,
    // Of challenges none may be hidden by many: a nonce that went elsewhere too proves nothing.
    `-A SW-CHALLENGE ${inAll('sw-auth')} ${nflog('sw-out', settings)}`,
    `-A SW-ANSWER ${log('sw-out', 'dst')}`,
    // Nothing jumps here: that this rule exists makes the kernel reassemble fragments before our chains.
    '-A SW-DEFRAG -m socket --nowildcard -j RETURN',
  ];
}

/**
 * A full hashlimit table drops packets, whatever the rule's verdict. So a limit over everybody (no mode: one bucket)
 * stands first and feeds the table of addresses no faster than its entries expire:
 * burst + rate × (expire + collection interval) = 110,000 entries of 131,072.
 * An idle entry is forgotten after 4 s, when its bucket (2 s to fill) is full again anyway.
 */
export const captureLimit = {
  perSecond: 20_000,
  burst: 20_000,
  tableSize: 16_384,
  tableMax: 131_072,
  expireMs: 4_000,
  collectMs: 500,
} as const;

function limits(family: Family, { logLimitPerSecond }: RuleSettings, generation: string) {
  const { perSecond, burst, tableSize, tableMax, expireMs, collectMs } = captureLimit;
  return {
    inAll: (name: string) =>
      `-m hashlimit --hashlimit-upto ${perSecond}/sec --hashlimit-burst ${burst} --hashlimit-name ${name}-all${generation}`,
    perAddress: (name: string, side: 'src' | 'dst') =>
      [
        `-m hashlimit --hashlimit-upto ${logLimitPerSecond}/sec --hashlimit-burst ${2 * logLimitPerSecond}`,
        `--hashlimit-mode ${side}ip --hashlimit-${side}mask ${family === 4 ? 32 : 64}`,
        `--hashlimit-htable-size ${tableSize} --hashlimit-htable-max ${tableMax}`,
        `--hashlimit-htable-expire ${expireMs} --hashlimit-htable-gcinterval ${collectMs}`,
        `--hashlimit-name ${name}${generation}`,
      ].join(' '),
  };
}

/** 8192 bytes: padding in front of a header, or several messages in one segment, must not hide what follows. */
function nflog(prefix: string, { nflogGroup }: RuleSettings): string {
  return `-j NFLOG --nflog-group ${nflogGroup} --nflog-size 8192 --nflog-threshold 1 --nflog-prefix ${prefix}`;
}
