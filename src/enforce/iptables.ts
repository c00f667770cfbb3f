// Our chains in the table raw and the jumps into them, for IPv4 and IPv6. Each change is one transaction of
// iptables-restore, so the kernel never holds half of it. Touches no rule that does not lead into our chains.
import { SipwardenError } from '../model/error.ts';
import { firewallCommand } from './firewall-command.ts';
import { chainLines, chainNames, jumpRules } from './iptables-rules.ts';
import type { Family } from './kernel-sets.ts';
import type { RuleSettings } from './rule-settings.ts';

const programs = { 4: 'iptables', 6: 'ip6tables' } as const;

export interface Iptables {
  /** Why this family cannot be protected here; undefined where it can. */
  missing(family: Family): Promise<string | undefined>;
  install(family: Family, settings: RuleSettings): Promise<void>;
  remove(family: Family): Promise<void>;
  /** How many packets met each rule of ours that has a name. */
  counted(family: Family): Promise<readonly CountedRule[]>;
}

export interface CountedRule {
  readonly name: string;
  readonly packets: number;
}

export function createIptables(commandPrefix: readonly string[]): Iptables {
  const save = async (family: Family, ...more: readonly string[]) => {
    const argv = [...commandPrefix, `${programs[family]}-save`, '-t', 'raw', ...more];
    const { stdout } = await firewallCommand(argv);
    return stdout.split('\n');
  };
  const change = async (family: Family, lines: readonly string[]) => {
    const text = ['*raw', ...lines, 'COMMIT', ''].join('\n');
    await firewallCommand([...commandPrefix, `${programs[family]}-restore`, '--noflush', '-w', '5'], {
      input: text,
    });
  };
  return {
    async missing(family) {
      try {
        await save(family);
        return undefined;
      } catch (error) {
        if (error instanceof SipwardenError && error.code !== 'FIREWALL_TIMEOUT') return error.message;
        throw error;
      }
    },
    async install(family, settings) {
      const saved = await save(family);
      await change(family, [...chainLines(family, settings), ...jumpChanges(saved, jumpRules(settings))]);
    },
    async counted(family) {
      return (await save(family, '-c')).flatMap((line) => {
        const [, packets, name] = /^\[(\d+):\d+\] -A .* --comment "?(sw-[a-z0-9-]+)"? /.exec(line) ?? [];
        return name === undefined ? [] : [{ name, packets: Number(packets) }];
      });
    },
    async remove(family) {
      const lines = removalLines(await save(family));
      if (lines.length > 0) await change(family, lines);
    },
  };
}

/** Nothing where all jumps are there, in order and before the rules of others; otherwise they are made anew. */
function jumpChanges(saved: readonly string[], wanted: readonly string[]): readonly string[] {
  const rules = saved.filter((line) => line.startsWith('-A '));
  const isRight = ['PREROUTING', 'OUTPUT'].every((chain) => {
    const isIn = (rule: string) => rule.startsWith(`-A ${chain} `);
    const first = wanted.filter(isIn);
    const there = rules.filter(isIn);
    const isOnce = jumpsIn(there).length === first.length;
    return isOnce && first.every((rule, index) => there[index] === rule);
  });
  if (isRight) return [];
  const inserted = wanted.toReversed().map((rule) => rule.replace(/^-A (\S+)/, '-I $1 1'));
  return [...jumpsIn(saved).map(deletion), ...inserted];
}

/** Jumps first, then chains: for whatever part of them there is. */
function removalLines(saved: readonly string[]): readonly string[] {
  const chains = chainNames.filter((chain) => saved.some((line) => line.startsWith(`:${chain} `)));
  return [
    ...jumpsIn(saved).map(deletion),
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.map((chain) => `-X ${chain}`),
  ];
}

/** Rules that lead from chains of others into ours. */
function jumpsIn(saved: readonly string[]): readonly string[] {
  return saved.filter((line) => {
    const [, chain = ''] = /^-A (\S+)/.exec(line) ?? [];
    const [, target = ''] = / -[jg] (\S+)$/.exec(line) ?? [];
    return !isOurs(chain) && isOurs(target);
  });
}

function isOurs(chain: string): boolean {
  return chainNames.includes(chain);
}

function deletion(rule: string): string {
  return rule.replace(/^-A/, '-D');
}
