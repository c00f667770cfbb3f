// Our chains in the table raw and the jumps into them, for IPv4 and IPv6. Each change is one transaction of
// iptables-restore, so the kernel never holds half of it. Touches no rule that does not lead into our chains.
import { SipwardenError } from '../model/error.ts';
import { firewallCommand } from './firewall-command.ts';
import { createGuestBridges } from './guest-bridges.ts';
import { chainLines, chainNames, iptablesOf, jumpRules } from './iptables-rules.ts';
import { areAllThere, chainsIn, jumpChanges, removalLines } from './iptables-saved.ts';
import type { Family } from './kernel-sets.ts';
import type { RuleSettings } from './rule-settings.ts';

export interface Iptables {
  /** Why this family cannot be protected here; undefined where it can. */
  missing(family: Family): Promise<string | undefined>;
  install(family: Family, settings: RuleSettings): Promise<void>;
  /** What of it is no more as `install` left it, each as words for a person. */
  damage(family: Family, settings: RuleSettings): Promise<readonly string[]>;
  remove(family: Family): Promise<void>;
  /** How many packets met each rule of ours that has a name. */
  counted(family: Family): Promise<readonly CountedRule[]>;
}

export interface CountedRule {
  readonly name: string;
  readonly packets: number;
}

export function createIptables(commandPrefix: readonly string[], timeoutMs = 10_000): Iptables {
  /** The kernel prints rules otherwise than they were written, so they are compared with what it printed once. */
  const installed = new Map<Family, ReadonlyMap<string, string>>();
  const bridges = createGuestBridges(commandPrefix);
  /** Rules for bridged packets would load br_netfilter, which changes what others' rules see: only where it is there. */
  const withBridges = async (family: Family, settings: RuleSettings) => ({
    ...settings,
    seesBridged: settings.guests.length > 0 && (await bridges.seesBridged(family)),
  });
  const save = async (family: Family, ...more: readonly string[]) => {
    const argv = [...commandPrefix, `${iptablesOf[family]}-save`, '-t', 'raw', ...more];
    const { stdout } = await firewallCommand(argv, { timeoutMs });
    return stdout.split('\n');
  };
  const change = async (family: Family, lines: readonly string[]) => {
    const text = ['*raw', ...lines, 'COMMIT', ''].join('\n');
    await firewallCommand([...commandPrefix, `${iptablesOf[family]}-restore`, '--noflush', '-w', '5'], {
      input: text,
      timeoutMs,
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
    async install(family, wanted) {
      const settings = await withBridges(family, wanted);
      installed.delete(family);
      const lines = chainLines(family, settings);
      await change(family, [...lines, ...jumpChanges(await save(family), jumpRules(settings))]);
      const chains = chainsIn(await save(family));
      if (areAllThere(chains, lines)) installed.set(family, chains);
    },
    async damage(family, asked) {
      const settings = await withBridges(family, asked);
      const saved = await save(family);
      const there = chainsIn(saved);
      const wanted = installed.get(family);
      const chains = chainNames.filter((chain) => !wanted || there.get(chain) !== wanted.get(chain));
      const areJumpsRight = jumpChanges(saved, jumpRules(settings)).length === 0;
      return [
        ...(areJumpsRight ? [] : [`the jumps into our chains (IPv${family})`]),
        ...chains.map((chain) => `the chain ${chain} (IPv${family})`),
      ];
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
