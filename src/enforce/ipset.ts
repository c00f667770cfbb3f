// The enforcer for hosts with iptables: members in ipset's sets, which time out in the kernel even when we are dead, and
// rules of ours that look into them.
import type { Logger } from '../lib/logger.ts';
import type { Enforcer, KernelDrops } from '../model/enforcer.ts';
import { createIpsetMembers, type IpsetParts } from './ipset-members.ts';
import { type CountedRule, createIptables } from './iptables.ts';
import { dividedTables } from './iptables-variant.ts';
import { families } from './kernel-sets.ts';
import { monitorRules } from './nft-monitor.ts';
import type { RuleSettings } from './rule-settings.ts';

export function createIpsetEnforcer({
  logger,
  ...parts
}: IpsetParts & { readonly logger?: Logger }): Enforcer {
  const { rules, commandPrefix = [], answerWithinMs = 5_000 } = parts;
  const members = createIpsetMembers(parts);
  const iptables = createIptables(commandPrefix, 2 * answerWithinMs);
  let withoutIPv6: string | undefined;
  /** What could be protected once must be again: then a program that fails is a failure. */
  let isIPv6Known = false;
  let divided: string | undefined;

  const present = () => families.filter((family) => family === 4 || withoutIPv6 === undefined);

  return {
    ...members,
    backEnd: () => ({
      name: 'ipset',
      capabilities: { hotSignatures: true, limits: true, capture: true },
    }),
    notices: () => [
      ...(withoutIPv6 === undefined ? [] : [`IPv6 is not protected: ${withoutIPv6}`]),
      ...(divided === undefined ? [] : [divided]),
    ],

    async prepare() {
      const missing = await iptables.missing(6);
      withoutIPv6 = isIPv6Known ? undefined : missing;
      isIPv6Known ||= missing === undefined;
      if (withoutIPv6 !== undefined) logger?.warn({ reason: withoutIPv6 }, 'IPv6 is not protected');
      await members.prepare(present());
      for (const family of present()) await iptables.install(family, rules);
      divided = await dividedTables(commandPrefix);
    },

    async damage() {
      const sets = await members.damage();
      const chains = await Promise.all(present().map((family) => iptables.damage(family, rules)));
      const hasIPv6Come = withoutIPv6 !== undefined && (await iptables.missing(6)) === undefined;
      return [...sets, ...chains.flat(), ...(hasIPv6Come ? ['all for IPv6, which was not there'] : [])];
    },

    watch(onChange) {
      const stops = [members.watch(onChange), monitorRules(commandPrefix, () => onChange('rules'))];
      return () => {
        for (const stop of stops) stop();
      };
    },

    async drops() {
      const texts = await Promise.all(present().map((family) => iptables.counted(family)));
      return countDrops(texts.flat(), rules);
    },

    async teardown() {
      await members.close();
      await iptables.remove(4);
      if ((await iptables.missing(6)) === undefined) await iptables.remove(6);
      await members.destroy();
    },
  };
}

function countDrops(counted: readonly CountedRule[], { hotTexts, limits }: RuleSettings): KernelDrops {
  const sum = (name: string) =>
    counted.filter((rule) => rule.name === name).reduce((all, { packets }) => all + packets, 0);
  return {
    hot: Object.fromEntries(hotTexts.map((text, index) => [text, sum(`sw-hot-${index}`)])),
    limits: Object.fromEntries(limits.map(({ name }) => [name, sum(`sw-${name}`)])),
  };
}
