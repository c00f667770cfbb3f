// The back ends whose rules stand in the kernel, for tests with real packets.
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { createNftablesEnforcer } from '../../src/enforce/nftables.ts';
import type { RuleSettings } from '../../src/enforce/rule-settings.ts';
import type { Enforcer } from '../../src/model/enforcer.ts';
import { missingForNamespaces, type Namespace } from './namespace.ts';

type Family = 4 | 6;

/** Packets that our rules handed to the sidecar, by why. `excess-…`: of a source over that limit. */
export type LoggedKind =
  | 'requests'
  | 'answers'
  | 'challenges'
  | 'handshakes'
  | 'guest-answers'
  | 'file-answers'
  | 'guest-file-answers'
  | 'excess-invite'
  | 'excess-tftp'
  | 'excess-packets';

export interface KernelBackEnd {
  readonly name: 'ipset' | 'nftables';
  /** Why it cannot be tested here. */
  readonly missing: string | undefined;
  create(namespace: Namespace, rules: RuleSettings): Enforcer;
  /** Since the rules were made. */
  logged(namespace: Namespace, kind: LoggedKind, family: Family): Promise<number>;
}

const iptablesRules: Readonly<Record<LoggedKind, RegExp>> = {
  requests: /-A SW-LOG /,
  answers: /-A SW-OUT .*hashlimit-name sw-out\d/,
  challenges: /-A SW-OUT .* sw-auth/,
  handshakes: /-A SW-OUT .*SYN,ACK/,
  'guest-answers': /-A SW-GUEST /,
  'file-answers': /-A SW-FILE /,
  'guest-file-answers': /-A SW-GUEST-FILE /,
  'excess-invite': /-A SW-INVITE-OVER /,
  'excess-tftp': /-A SW-TFTP-OVER /,
  'excess-packets': /-A SW-PACKETS-OVER /,
};

const nftRules: Readonly<
  Record<LoggedKind, { readonly chain: string; readonly rule: (family: Family) => string }>
> = {
  requests: { chain: 'logged', rule: (family) => `@meter_in${family} ` },
  answers: { chain: 'answers', rule: (family) => `@meter_out${family} ` },
  challenges: { chain: 'answers', rule: () => '@ih,64,32' },
  handshakes: { chain: 'answers', rule: (family) => `@meter_syn${family} ` },
  'guest-answers': { chain: 'guest_answers', rule: () => '' },
  'file-answers': { chain: 'file_answers', rule: (family) => `@asked${family} ` },
  'guest-file-answers': { chain: 'guest_file_answers', rule: (family) => `@asked${family} ` },
  'excess-invite': { chain: 'invite_excess', rule: () => '' },
  'excess-tftp': { chain: 'tftp_excess', rule: () => '' },
  'excess-packets': { chain: 'packets_excess', rule: () => '' },
};

const ipset: KernelBackEnd = {
  name: 'ipset',
  missing: await missingForNamespaces(),
  create: ({ prefix }, rules) => createIpsetEnforcer({ rules, now: Date.now, commandPrefix: prefix }),
  async logged(namespace, kind, family) {
    const program = family === 4 ? 'iptables-save' : 'ip6tables-save';
    const lines = (await namespace.run(program, ['-c', '-t', 'raw'])).split('\n');
    const logging = lines.filter((line) => iptablesRules[kind].test(line) && line.includes(' -j NFLOG '));
    return sum(logging.map((line) => /^\[(\d+):/.exec(line)?.[1]));
  },
};

const nftables: KernelBackEnd = {
  name: 'nftables',
  missing: await missingForNamespaces(['nft']),
  create: ({ prefix }, rules) => createNftablesEnforcer({ rules, now: Date.now, commandPrefix: prefix }),
  async logged(namespace, kind, family) {
    const { chain, rule } = nftRules[kind];
    const lines = (await namespace.run('nft', ['list', 'chain', 'inet', 'sipwarden', chain])).split('\n');
    const logging = lines.filter((line) => line.includes(rule(family)) && line.includes(' log prefix '));
    return sum(logging.map((line) => /counter packets (\d+) /.exec(line)?.[1]));
  },
};

export const kernelBackEnds: readonly KernelBackEnd[] = [ipset, nftables];

function sum(counts: readonly (string | undefined)[]): number {
  return counts.reduce((all, count) => all + Number(count ?? 0), 0);
}
