// Scenarios of calls: looking for a way out with dial prefixes, and too many calls at once.
import { addresses } from '../addresses.ts';
import { flood } from '../attacks.ts';
import type { Scenario } from '../recorder.ts';
import { sipp } from '../sipp.ts';
import { type SpokenRequest, speak } from '../speaker.ts';

const both = ['sip', 'ami'] as const;
const number = '441632960123';
const prefixes = ['00', '900', '9011', '000', '+', '011', '810', '9810', '0011', '00900', '8', '9', '7'];
const attacker = addresses.attacker.ipv4;

function callsWith(count: number, more: Partial<SpokenRequest> = {}): SpokenRequest[] {
  return prefixes.slice(0, count).map((prefix) => ({
    method: 'INVITE',
    from: attacker,
    port: 5_072,
    account: '101',
    to: `${prefix}${number}`,
    ...more,
  }));
}

/** In a second, from the trunk, which is shielded as the daemon would have it. */
function callsOfTrunk(calls: number): Scenario['act'] {
  return async (network, enforcer) => {
    await enforcer?.add({ set: 'shield', target: addresses.trunk.ipv4 });
    await sipp(network, 'invite', { calls, perSecond: calls, host: 'trunk' });
  };
}

export const callScenarios: readonly Scenario[] = [
  {
    name: 'dial-prefix-probing-4',
    title: 'One prefix too many',
    text: "INVITEs without credentials to one number with four prefixes, from somebody who calls himself extension 101 (the lab's own client, `test/lab/speaker.ts`). Asterisk raises no error for them.",
    sensors: both,
    act: (network) => speak(network, 'attacker', callsWith(4)),
  },
  {
    name: 'dial-prefix-probing-3',
    title: 'As many prefixes as are forgiven',
    text: 'Three prefixes, as many as `prefix_count` forgives. Otherwise as `dial-prefix-probing-4`.',
    sensors: both,
    act: (network) => speak(network, 'attacker', callsWith(3)),
  },
  {
    name: 'dial-prefix-probing-days',
    title: 'One prefix every day and a half',
    text: 'As `dial-prefix-probing-4`, over four and a half days.',
    sensors: both,
    stepsMs: [1.5 * 86_400_000],
    act: (network) => speak(network, 'attacker', callsWith(4)),
  },
  ...[13, 12].map((count): Scenario => {
    const text =
      count === 13
        ? "Thirteen prefixes of one number, each from an address of its own (INVITEs without credentials of the lab's own client)."
        : 'Twelve, as many as `joint_prefix_count` forgives. Otherwise as `dial-prefix-probing-many-13`.';
    return {
      name: `dial-prefix-probing-many-${count}`,
      title: count === 13 ? 'Many sources that share the prefixes out' : 'As many sources as are forgiven',
      text,
      sensors: both,
      async act(network) {
        const calls = callsWith(count).map((call, index) => ({ ...call, from: `198.51.100.${101 + index}` }));
        for (const { from } of calls) await network.addAddress('attacker', from);
        return speak(network, 'attacker', calls);
      },
    };
  }),
  {
    name: 'dial-prefix-probing-phone',
    title: 'A phone that dials one number in many ways',
    text: "A phone of ours registers and dials one number with eight prefixes: somebody tries out a new dial plan (the lab's own client, with credentials; Asterisk knows none of the numbers).",
    sensors: both,
    act: (network) => {
      const own = { from: addresses.phone.ipv4, port: 5_060, account: '100', password: 'pw100' };
      return speak(network, 'phone', [{ method: 'REGISTER', ...own }, ...callsWith(8, own)]);
    },
  },
  {
    name: 'invite-flood-100',
    title: 'A flood of INVITEs',
    text: 'A hundred calls in a second from a stranger (`sipp -sf test/lab/sipp/invite.xml -m 100 -r 100`, SIPp 3.6). The kernel lets 20 at once pass and 10 a second; it logs the one that is too many under a prefix of its own, and slows whoever sent it.',
    sensors: ['kernel-log'],
    act: (network) => sipp(network, 'invite', { calls: 100, perSecond: 100 }),
  },
  {
    name: 'invite-flood-20',
    title: 'As many INVITEs at once as are let pass',
    text: 'Twenty calls, as many as `invite_burst` lets pass at once. Otherwise as `invite-flood-100`.',
    sensors: ['kernel-log'],
    act: (network) => sipp(network, 'invite', { calls: 20, perSecond: 100 }),
  },
  {
    name: 'invite-flood-trunk',
    title: 'A trunk with many calls',
    text: 'Sixty calls in a second from a trunk (`sipp -sf test/lab/sipp/invite.xml -m 60 -r 60`, SIPp 3.6), which is in the set of the shielded, as the daemon would have put it there.',
    sensors: ['kernel-log'],
    act: callsOfTrunk(60),
  },
  {
    name: 'packet-flood-3000',
    title: 'A flood of packets',
    text: 'Three thousand ACKs of no call in a second from a stranger (`test/lab/programs/forge.ts`). The kernel lets 1000 at once pass and 500 a second; it logs the one that is too many under a prefix of its own, and slows whoever sent it. Of those that pass it logs no more than 100 at once and 50 a second.',
    sensors: ['kernel-log'],
    act: (network) => flood(network, 'packet-flood', { count: 3_000, perSecond: 3_000 }),
  },
  {
    name: 'packet-flood-1000',
    title: 'As many packets at once as are let pass',
    text: 'A thousand, as many as `packets_burst` lets pass at once. Otherwise as `packet-flood-3000`.',
    sensors: ['kernel-log'],
    act: (network) => flood(network, 'packet-flood', { count: 1_000, perSecond: 3_000 }),
  },
  {
    name: 'packet-flood-trunk',
    title: 'A trunk with very many calls',
    text: 'Five hundred calls in a second from a trunk, each of three packets or more (`sipp -sf test/lab/sipp/invite.xml -m 500 -r 500`, SIPp 3.6). It is in the set of the shielded, as the daemon would have put it there.',
    sensors: ['kernel-log'],
    act: callsOfTrunk(500),
  },
];
