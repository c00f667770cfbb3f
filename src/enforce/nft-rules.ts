// The text of our table in nftables for one configuration: what the chains of iptables-rules.ts are for iptables, but for
// the search for texts, which nftables cannot do. Pure: it runs nothing and reads nothing.
import { limitNames, type SetName, setNames } from '../model/enforcer.ts';
import type { PortRange } from '../model/options.ts';
import { askedSets, type Family, families } from './kernel-sets.ts';
import { dropCounter, limitChains, limitRules } from './nft-limits.ts';
import { inAll, type MeterName, meterLines, perAddress } from './nft-meters.ts';
import { addSet, type NftSet, sourceIn } from './nft-sets.ts';
import { excessLimit, type RuleSettings } from './rule-settings.ts';

const chains: readonly string[] = [
  'prerouting { type filter hook prerouting priority raw; policy accept; }',
  'output { type filter hook output priority raw; policy accept; }',
  'everywhere',
  'requests',
  'logged',
  'answers',
  'guest_answers',
  'file_answers',
  'guest_file_answers',
  'defragment',
  ...limitNames.flatMap(limitChains),
];

/** What rules refer to. All of it may be there already. */
export function frameLines(): readonly string[] {
  return [
    'add table inet sipwarden',
    ...limitNames.map((limit) => `add counter inet sipwarden ${dropCounter(limit)}`),
    ...chains.map((chain) => `add chain inet sipwarden ${chain}`),
  ];
}

/** All rules anew, and the sets that they look into; in one transaction, so that there is never a part of them. */
export function ruleLines(settings: RuleSettings, sets: readonly NftSet[]): readonly string[] {
  return [
    ...sets.map(addSet),
    'flush table inet sipwarden',
    ...meterLines,
    ...askedLines,
    ...chainRules(settings, sets).map((rule) => `add rule inet sipwarden ${rule}`),
  ];
}

/** Sets that hold for every port where bans do; evidence that could have been forged closes no more than it must. */
const everywhere: readonly SetName[] = ['allow', 'deny', 'order', 'shield', 'ban'];
const passing: ReadonlySet<SetName> = new Set(['allow', 'shield']);

/** Each with its chain first. `@ih`: what the packet carries behind its UDP or TCP header (Linux 5.16). */
function chainRules(settings: RuleSettings, sets: readonly NftSet[]): readonly string[] {
  const { banScope, guests, limits, logLimitPerSecond, tftpPorts } = settings;
  const isServing = tftpPorts.length > 0;
  const rate = { rate: `${logLimitPerSecond}/second`, burst: 2 * logLimitPerSecond } as const;
  const bounded = (meter: MeterName, side: 'saddr' | 'daddr', match = '') =>
    families.map(
      (family) => `meta nfproto ipv${family} ${match}${inAll()} ${perAddress(meter, family, side, rate)}`,
    );
  const asked = (chain: string, wanted: readonly SetName[], pass: string) =>
    wanted.flatMap((name) =>
      sets
        .filter(({ set }) => set === name)
        .map((set) => `${chain} ${sourceIn(set)} ${passing.has(name) ? pass : 'drop'}`),
    );
  const ofGuests = (chain: string, verdict: string) =>
    guests.flatMap((guest) =>
      portMatches(settings, 'sport').map(
        (ports) => `${chain} iifname "${nameOf(guest)}" ${ports} ${verdict}`,
      ),
    );

  return [
    ...ofGuests('prerouting', 'jump guest_answers'),
    ...(isServing
      ? guests.map(
          (guest) => `prerouting iifname "${nameOf(guest)}" ${mayBeFileAnswer} jump guest_file_answers`,
        )
      : []),
    ...(banScope === 'all-ports' ? ['prerouting jump everywhere'] : []),
    ...portMatches(settings, 'dport').map((ports) => `prerouting ${ports} jump requests`),
    ...portMatches(settings, 'sport').map((ports) => `output ${ports} jump answers`),
    ...(isServing ? [`output ${mayBeFileAnswer} jump file_answers`] : []),
    ...asked('everywhere', everywhere, 'return'),
    // What a guest answers goes out; it was logged as such.
    ...ofGuests('requests', 'return'),
    ...asked('requests', setNames, 'goto logged'),
    ...limits.flatMap(({ name }) => limitJumps[name](settings)),
    'requests goto logged',
    ...(isServing ? families.map((family) => `logged ${askerOf(family, settings)}`) : []),
    ...bounded('in', 'saddr').map((limited) => `logged ${limited} ${log('sw-in', settings)}`),
    ...limits.flatMap((limit) =>
      limitRules(limit, sets, `${inAll(excessLimit)} ${log(`sw-${limit.name}`, settings)}`),
    ),
    ...answerRules('answers', 'sw-out', 'out', 'syn'),
    ...answerRules('guest_answers', 'sw-gst', 'gst', 'gsy'),
    ...(isServing
      ? [
          ...fileRules('file_answers', 'sw-file', 'file'),
          ...fileRules('guest_file_answers', 'sw-gfile', 'gfile'),
        ]
      : []),
    // Nothing jumps here: that these rules exist makes the kernel reassemble fragments before our chains.
    'defragment meta l4proto udp tproxy ip to :1',
    'defragment meta l4proto udp tproxy ip6 to :1',
  ];

  function fileRules(chain: string, prefix: string, meter: MeterName): string[] {
    return families.flatMap((family) => {
      const address = family === 4 ? 'ip' : 'ip6';
      const isAsked = `${address} daddr . udp dport @${askedSet(family)} `;
      return fileAnswers.flatMap((begins) => {
        const limited = bounded(meter, 'daddr', `${begins} ${isAsked}`)[families.indexOf(family)];
        return `${chain} ${limited} ${log(prefix, settings)}`;
      });
    });
  }

  /** What tells the sidecar of our answers, and of our side of a handshake. */
  function answerRules(chain: string, prefix: string, answers: MeterName, handshakes: MeterName): string[] {
    const logged = log(prefix, settings);
    const challenge = `${chain} ${statusLine} @ih,64,32 { ${hexOf('401 ')}, ${hexOf('407 ')} }`;
    const others = `${statusLine} @ih,64,8 { ${['1', '2', '4'].map(hexOf).join(', ')} } `;
    return [
      ...bounded(handshakes, 'daddr', 'tcp flags & (syn | ack) == syn | ack ').map(
        (limited) => `${chain} ${limited} ${logged}`,
      ),
      // Of challenges none may be hidden by many: a nonce that went elsewhere too proves nothing.
      `${challenge} ${inAll()} ${logged}`,
      `${challenge} return`,
      ...bounded(answers, 'daddr', others).map((limited) => `${chain} ${limited} ${logged}`),
    ];
  }
}

/** Every UDP packet that we send is asked this, media too; those begin with another byte. */
const mayBeFileAnswer = 'meta l4proto udp @ih,0,8 0x00';

/** The first answer to a request for a file (RFC 1350 §5, RFC 2347): the first block, `file not found`, its options. */
const fileAnswers = ['@ih,0,32 { 0x00030001, 0x00050001 }', '@ih,0,16 0x0006'] as const;

function askedSet(family: Family): string {
  return `asked${family}`;
}

const askedLines = families.map(
  (family) =>
    `add set inet sipwarden ${askedSet(family)} { type ${family === 4 ? 'ipv4_addr' : 'ipv6_addr'} . inet_service; size ${askedSets.capacity}; flags dynamic,timeout; }`,
);

function askerOf(family: Family, { tftpPorts }: RuleSettings): string {
  const address = family === 4 ? 'ip' : 'ip6';
  return `udp dport ${portSet(tftpPorts)} update @${askedSet(family)} { ${address} saddr . udp sport timeout ${askedSets.forSeconds}s }`;
}

/** As nftables writes an interface, or all whose names begin so. */
function nameOf(guest: string): string {
  return guest.replace(/\+$/, '*');
}

const statusLine = `@ih,0,64 ${hexOf('SIP/2.0 ')}`;

const limitJumps = {
  packets: () => ['requests jump packets'],
  invite: () => [`requests @ih,0,32 ${hexOf('INVI')} goto invite`],
  tftp: ({ tftpPorts }: RuleSettings) =>
    tftpPorts.length > 0 ? [`requests udp dport ${portSet(tftpPorts)} goto tftp`] : [],
} as const;

function portMatches(
  { udpPorts, tcpPorts, tftpPorts }: RuleSettings,
  side: 'sport' | 'dport',
): readonly string[] {
  const ports = { udp: [...udpPorts, ...tftpPorts], tcp: tcpPorts };
  return (['udp', 'tcp'] as const)
    .filter((transport) => ports[transport].length > 0)
    .map((transport) => `${transport} ${side} ${portSet(ports[transport])}`);
}

function portSet(ports: readonly PortRange[]): string {
  return `{ ${ports.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ')} }`;
}

/** 8192 bytes: padding in front of a header, or several messages in one segment, must not hide what follows. */
function log(prefix: string, { nflogGroup }: RuleSettings): string {
  return `counter log prefix "${prefix}" group ${nflogGroup} snaplen 8192 queue-threshold 1`;
}

function hexOf(text: string): string {
  return `0x${Buffer.from(text, 'latin1').toString('hex')}`;
}
