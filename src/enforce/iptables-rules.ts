// The text of our chains for one configuration. Pure: it runs nothing and reads nothing.
// A packet to a port that is not protected meets none of these rules but the jump that passes it by.
import { createHash } from 'node:crypto';
import { limitNames, type SetName, setNames } from '../model/enforcer.ts';
import { fieldsOf } from './ipset-sets.ts';
import { inAll, type LimitNaming, limitChains, limitRules, perAddress } from './iptables-limits.ts';
import { askedSet, askedSets, type Family, kernelSet } from './kernel-sets.ts';
import { excessLimit, type RuleSettings } from './rule-settings.ts';
import {
  answerClassMatch,
  answerMatch,
  fileAnswerMatch,
  requestMatch,
  type Transport,
  transports,
} from './sip-match.ts';

/** The program for each family; others are called after it, such as `ip6tables-save`. */
export const iptablesOf: Readonly<Record<Family, string>> = { 4: 'iptables', 6: 'ip6tables' };

/** Every chain of ours, in the table `raw`. */
export const chainNames: readonly string[] = [
  'SIPWARDEN',
  'SW-ALL',
  'SW-LOG',
  'SW-HOT',
  ...limitNames.flatMap(limitChains),
  'SW-OUT',
  'SW-GUEST',
  'SW-FILE',
  'SW-GUEST-FILE',
  'SW-DEFRAG',
];

/** What leads into them, as iptables-save prints it, in order. */
export function jumpRules(
  settings: GuestSettings & Pick<RuleSettings, 'banScope' | 'tftpPorts'>,
): readonly string[] {
  const isServing = settings.tftpPorts.length > 0;
  return [
    ...guestAnswers(settings).map((answer) => `-A PREROUTING ${answer} -j SW-GUEST`),
    ...(isServing
      ? fromGuests(settings, 'udp').map((guest) => `-A PREROUTING ${guest} -j SW-GUEST-FILE`)
      : []),
    ...(settings.banScope === 'all-ports' ? ['-A PREROUTING -j SW-ALL'] : []),
    ...transports.map(
      (transport) => `-A PREROUTING -p ${transport} -m set --match-set sw-${transport} dst -j SIPWARDEN`,
    ),
    ...transports.map(
      (transport) => `-A OUTPUT -p ${transport} -m set --match-set sw-${transport} src -j SW-OUT`,
    ),
    ...(isServing ? ['-A OUTPUT -p udp -j SW-FILE'] : []),
  ];
}

export interface GuestSettings extends Pick<RuleSettings, 'guests'> {
  /** The chains see bridged packets too: those have the bridge's interface, and the guest's only as a port of it. */
  readonly seesBridged?: boolean;
}

/** What guests answer, as iptables-save prints it. */
function guestAnswers(settings: GuestSettings): readonly string[] {
  return transports.flatMap((transport) =>
    fromGuests(settings, transport).map((guest) => `${guest} -m set --match-set sw-${transport} src`),
  );
}

/** What guests send, as iptables-save prints it. */
function fromGuests({ guests, seesBridged = false }: GuestSettings, transport: Transport): readonly string[] {
  return guests.flatMap((guest) => {
    const routed = `-i ${guest} -p ${transport}`;
    const bridged = `-p ${transport} -m physdev --physdev-in ${guest}`;
    return seesBridged ? [routed, bridged] : [routed];
  });
}

/** Our chains with their rules, for (ip|ip6)tables-restore. Names of limits carry a hash of the text. */
export function chainLines(family: Family, settings: RuleSettings & GuestSettings): readonly string[] {
  const text = ruleLines({ family, generation: '' }, settings).join('\n');
  const generation = `-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
  return [...chainNames.map((chain) => `:${chain} - [0:0]`), ...ruleLines({ family, generation }, settings)];
}

/** Sets that hold for every port where bans do; evidence that could have been forged closes no more than it must. */
const everywhere: ReadonlySet<SetName> = new Set(['allow', 'deny', 'order', 'shield', 'ban']);
const passing: ReadonlySet<SetName> = new Set(['allow', 'shield']);

function ruleLines(naming: LimitNaming, settings: RuleSettings & GuestSettings): readonly string[] {
  const { family } = naming;
  const { logLimitPerSecond, banScope, tftpPorts } = settings;
  const rate = { verb: 'upto', text: `${logLimitPerSecond}/sec`, burst: 2 * logLimitPerSecond } as const;
  const bounded = (name: string, side: 'src' | 'dst') =>
    `${inAll(name, naming)} ${perAddress(name, side, rate, naming)}`;
  const asked = (chain: string, set: SetName, pass: string) =>
    `-A ${chain} -m set --match-set ${kernelSet(set, family)} ${fieldsOf(set)} ${passing.has(set) ? pass : '-j DROP'}`;

  return [
    // What a guest answers goes out; it was logged as such.
    ...guestAnswers(settings).map((answer) => `-A SIPWARDEN ${answer} -j RETURN`),
    ...setNames.map((set) => asked('SIPWARDEN', set, '-g SW-LOG')),
    ...hotRules(naming, settings),
    ...settings.limits.flatMap(({ name }) => limitJumps[name](family)),
    '-A SIPWARDEN -g SW-LOG',
    ...(banScope === 'all-ports'
      ? setNames.filter((set) => everywhere.has(set)).map((set) => asked('SW-ALL', set, '-j RETURN'))
      : []),
    ...(tftpPorts.length > 0
      ? [
          `-A SW-LOG -p udp -m set --match-set sw-tftp dst -j SET --add-set ${askedSet(family)} src,src --exist --timeout ${askedSets.forSeconds}`,
        ]
      : []),
    `-A SW-LOG ${bounded('sw-in', 'src')} ${nflog('sw-in', settings)}`,
    `-A SW-HOT ${bounded('sw-in', 'src')} ${nflog('sw-in', settings)}`,
    '-A SW-HOT -j DROP',
    ...settings.limits.flatMap((limit) =>
      limitRules(
        limit,
        naming,
        `${inAll('sw-over', naming, excessLimit)} ${nflog(`sw-${limit.name}`, settings)}`,
      ),
    ),
    ...answerRules('SW-OUT', 'sw-out', bounded('sw-out', 'dst'), bounded('sw-syn', 'dst')),
    ...answerRules('SW-GUEST', 'sw-gst', bounded('sw-gst', 'dst'), bounded('sw-gsy', 'dst')),
    ...(tftpPorts.length > 0 ? [fileRule('SW-FILE', 'sw-file'), fileRule('SW-GUEST-FILE', 'sw-gfile')] : []),
    // Nothing jumps here: that this rule exists makes the kernel reassemble fragments before our chains.
    '-A SW-DEFRAG -m socket --nowildcard -j RETURN',
  ];

  /** Every UDP packet that we send comes here, media too: what it begins with rules out nearly all at once. */
  function fileRule(chain: string, prefix: string): string {
    const isAsked = `-m set --match-set ${askedSet(family)} dst,dst`;
    return `-A ${chain} ${fileAnswerMatch(family)} ${isAsked} ${bounded(prefix, 'dst')} ${nflog(prefix, settings)}`;
  }

  /** What tells the sidecar of our answers, and of our side of a handshake. */
  function answerRules(chain: string, prefix: string, answers: string, handshakes: string): string[] {
    return [
      `-A ${chain} -p tcp --tcp-flags SYN,ACK SYN,ACK ${handshakes} ${nflog(prefix, settings)}`,
      ...transports.flatMap((transport) => [
        // Of challenges none may be hidden by many: a nonce that went elsewhere too proves nothing.
        `-A ${chain} ${answerMatch(family, transport, ['401', '407'])} ${inAll('sw-auth', naming)} ${nflog(prefix, settings)}`,
        `-A ${chain} ${answerMatch(family, transport, ['401', '407'])} -j RETURN`,
        `-A ${chain} ${answerClassMatch(family, transport, ['1', '2', '4'])} ${answers} ${nflog(prefix, settings)}`,
      ]),
    ];
  }
}

/** The method first, so that the long search is spared whatever else there is. */
function hotRules({ family }: LimitNaming, { hotTexts }: RuleSettings): readonly string[] {
  return hotTexts.flatMap((text, index) =>
    transports.map(
      (transport) =>
        `-A SIPWARDEN ${requestMatch(family, transport, ['OPTIONS', 'REGISTER', 'INVITE'])} -m string --hex-string "|${Buffer.from(text, 'latin1').toString('hex')}|" --algo bm --icase --from 48 --to 1500 -m comment --comment sw-hot-${index} -j SW-HOT`,
    ),
  );
}

const limitJumps = {
  packets: () => ['-A SIPWARDEN -j SW-PACKETS'],
  invite: (family: Family) =>
    transports.map((transport) => `-A SIPWARDEN ${requestMatch(family, transport, ['INVITE'])} -g SW-INVITE`),
  tftp: () => ['-A SIPWARDEN -p udp -m set --match-set sw-tftp dst -g SW-TFTP'],
} as const;

/** 8192 bytes: padding in front of a header, or several messages in one segment, must not hide what follows. */
function nflog(prefix: string, { nflogGroup }: RuleSettings): string {
  return `-j NFLOG --nflog-group ${nflogGroup} --nflog-size 8192 --nflog-threshold 1 --nflog-prefix ${prefix}`;
}
