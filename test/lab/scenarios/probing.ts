// Scenarios of those who look around: for extensions, and without ever authenticating.
import { siteExtensions } from '../asterisk-config.ts';
import { enumerateExtensions } from '../attacks.ts';
import type { Scenario } from '../recorder.ts';
import { sipp } from '../sipp.ts';
import { type SpokenRequest, speak } from '../speaker.ts';

const both = ['sip', 'ami'] as const;
const site = Object.entries(siteExtensions);

function registrationOf(account: string, password: string): Omit<SpokenRequest, 'from'> {
  return { method: 'REGISTER', account, password, headers: ['Expires: 3600'] };
}

export const probingScenarios: readonly Scenario[] = [
  {
    name: 'extension-enumeration-6',
    title: 'One extension too many',
    text: 'REGISTERs without credentials for six extensions that do not exist (`enumerateExtensions` of `test/lab/attacks.ts`).',
    sensors: both,
    act: (network) => enumerateExtensions(network, { count: 6 }),
  },
  {
    name: 'extension-enumeration-5',
    title: 'As many extensions as are forgiven',
    text: 'Five extensions, as many as `account_count` forgives. Otherwise as `extension-enumeration-6`.',
    sensors: both,
    act: (network) => enumerateExtensions(network, { count: 5 }),
  },
  {
    name: 'extension-enumeration-office',
    title: 'An office behind one address after a power cut',
    text: "Forty phones behind one address register within seconds, each from a port of its own (the lab's own client).",
    sensors: both,
    act: (network) =>
      speak(
        network,
        'phone',
        site.slice(0, 40).map(([account, password], index) => ({
          ...registrationOf(account, password),
          port: 6_000 + index,
        })),
        { userAgent: 'Yealink SIP-T46S 66.85.0.5' },
      ),
  },
  {
    name: 'extension-enumeration-blf',
    title: 'A phone with thirty busy lamps',
    text: "A receptionist's phone registers and watches thirty extensions: a SUBSCRIBE of the event `dialog` to each, with credentials, and a NOTIFY that it answers (the lab's own client).",
    sensors: both,
    act: (network) =>
      speak(
        network,
        'phone',
        [
          registrationOf('100', 'pw100'),
          ...site.slice(0, 30).map(([to]) => ({
            ...registrationOf('100', 'pw100'),
            method: 'SUBSCRIBE' as const,
            to,
            headers: ['Event: dialog', 'Accept: application/dialog-info+xml', 'Expires: 600'],
          })),
        ].map((request) => ({ ...request, port: 5_060 })),
        { userAgent: 'Yealink SIP-T46S 66.85.0.5' },
      ),
  },
  {
    name: 'unauthenticated-probing-51',
    title: 'One request too many without credentials',
    text: 'Fifty-one OPTIONS from an account that does not exist (`sipp -sf test/lab/sipp/options.xml -m 51`, SIPp 3.6).',
    sensors: both,
    act: (network) => sipp(network, 'options', { calls: 51, perSecond: 20 }),
  },
  {
    name: 'unauthenticated-probing-50',
    title: 'As many requests without credentials as are forgiven',
    text: 'Fifty OPTIONS, as many as `probe_count` forgives. Otherwise as `unauthenticated-probing-51`.',
    sensors: both,
    act: (network) => sipp(network, 'options', { calls: 50, perSecond: 20 }),
  },
  {
    name: 'unauthenticated-probing-slow-101',
    title: 'A patient look around',
    text: "A hundred and one OPTIONS from an account that does not exist, one each 14 minutes (the lab's own client, `test/lab/speaker.ts`).",
    sensors: both,
    stepsMs: [840_000],
    act: (network) => speak(network, 'attacker', probes(101)),
  },
  {
    name: 'unauthenticated-probing-slow-100',
    title: 'A patient look around that is forgiven',
    text: 'A hundred OPTIONS, as many as `slow_probe_count` forgives in a day. Otherwise as `unauthenticated-probing-slow-101`.',
    sensors: both,
    stepsMs: [840_000],
    act: (network) => speak(network, 'attacker', probes(100)),
  },
  {
    name: 'unauthenticated-probing-keep-alive',
    title: 'A keep-alive every two seconds',
    text: "A phone registers, and keeps its way through a NAT open with an OPTIONS every two seconds, a hundred and twenty times; it never answers the challenge (the lab's own client under the name of a Grandstream).",
    sensors: both,
    stepsMs: [2_000],
    act: (network) =>
      speak(
        network,
        'phone',
        [
          { ...registrationOf('100', 'pw100'), port: 5_060 },
          ...Array.from({ length: 120 }, () => ({ method: 'OPTIONS' as const, account: '100', port: 5_060 })),
        ],
        { userAgent: 'Grandstream GXP2170 1.0.11.6' },
      ),
  },
  {
    name: 'unauthenticated-probing-trunk',
    title: 'A trunk that asks after us often',
    text: 'A trunk that Asterisk knows by its address sends sixty OPTIONS, twenty a second (`sipp -sf test/lab/sipp/options.xml -m 60`, SIPp 3.6).',
    sensors: both,
    act: (network) => sipp(network, 'options', { calls: 60, perSecond: 20, host: 'trunk' }),
  },
];

function probes(count: number): Omit<SpokenRequest, 'from'>[] {
  return Array.from({ length: count }, () => ({ method: 'OPTIONS', account: 'monitor', port: 5_071 }));
}
