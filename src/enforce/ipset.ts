// The enforcer for hosts with iptables: members in ipset's sets, which time out in the kernel even when we are dead.
import type { Logger } from '../lib/logger.ts';
import type { Enforcer, HeldEntry, KernelDrops, Place, SetName } from '../model/enforcer.ts';
import { SipwardenError } from '../model/error.ts';
import type { Time } from '../model/time.ts';
import { firewallCommand } from './firewall-command.ts';
import { firewallError } from './firewall-error.ts';
import { moveLines, outdatedSets } from './ipset-migration.ts';
import { createIpsetSession } from './ipset-session.ts';
import { kernelSetNames, setLines } from './ipset-sets.ts';
import { type CountedRule, createIptables } from './iptables.ts';
import { families, memberSets } from './kernel-sets.ts';
import { memberOf, placeOf, timeoutSeconds } from './member.ts';
import type { RuleSettings } from './rule-settings.ts';

export interface IpsetParts {
  readonly rules: RuleSettings;
  readonly now: () => Time;
  readonly logger?: Logger;
  /** What stands before every command, such as `ip netns exec NAME`. */
  readonly commandPrefix?: readonly string[];
  /** Longest silence of the `ipset -` child. Milliseconds. */
  readonly answerWithinMs?: number;
}

export function createIpsetEnforcer({
  rules,
  now,
  logger,
  commandPrefix = [],
  answerWithinMs = 5_000,
}: IpsetParts): Enforcer {
  const session = createIpsetSession({ commandPrefix, answerWithinMs });
  const iptables = createIptables(commandPrefix);
  const ipset = (args: readonly string[], input?: string) =>
    firewallCommand([...commandPrefix, 'ipset', ...args], input);
  let withoutIPv6: string | undefined;

  const locate = (place: Place) => {
    const { family, kernelName, text } = memberOf(place);
    if (family === 6 && withoutIPv6 !== undefined) {
      throw firewallError('FIREWALL_NO_IPV6', `${text} cannot be in a set: ${withoutIPv6}`);
    }
    return `${kernelName} ${text}`;
  };

  /** Sets that an earlier version of ours made otherwise. */
  const renew = async () => {
    const { stdout: listing } = await ipset(['list', '-t']);
    for (const set of outdatedSets(listing, memberSets)) {
      const { stdout: saved } = await ipset(['save', set.kernelName]);
      await ipset(['-exist', 'restore'], asText(moveLines(set, saved)));
    }
  };

  const setsPresent = async () => {
    const { stdout } = await ipset(['list', '-n']);
    return stdout.split('\n').filter((name) => kernelSetNames.includes(name));
  };

  const remove = async (place: Place) => session.run(`del ${locate(place)} -exist`);

  return {
    name: 'ipset',
    notices: () => (withoutIPv6 === undefined ? [] : [`IPv6 is not protected: ${withoutIPv6}`]),

    async prepare() {
      withoutIPv6 = await iptables.missing(6);
      if (withoutIPv6 !== undefined) logger?.warn({ reason: withoutIPv6 }, 'IPv6 is not protected');
      const present = families.filter((family) => family === 4 || withoutIPv6 === undefined);
      await renew();
      await ipset(['-exist', 'restore'], asText(setLines(rules, present)));
      for (const family of present) await iptables.install(family, rules);
    },

    async add(entry) {
      const place = locate(entry);
      const seconds = timeoutSeconds(entry.until, now());
      if (seconds === undefined) await remove(entry);
      else await session.run(`add ${place} timeout ${seconds} -exist`);
    },

    remove,

    async list() {
      const present = await setsPresent();
      const wanted = memberSets.filter(({ kernelName }) => present.includes(kernelName));
      const saves = wanted.map(({ kernelName }) => `save ${kernelName}`);
      const { stdout } = await ipset(['restore'], asText(saves));
      return readMembers(stdout, now());
    },

    async drops() {
      const texts = await Promise.all(
        families
          .filter((family) => family === 4 || withoutIPv6 === undefined)
          .map((family) => iptables.counted(family)),
      );
      return countDrops(texts.flat(), rules);
    },

    close: () => session.close(),

    async teardown() {
      await session.close();
      await iptables.remove(4);
      if ((await iptables.missing(6)) === undefined) await iptables.remove(6);
      await destroySets(setsPresent, (names) =>
        ipset(['restore'], asText(names.map((name) => `destroy ${name}`))),
      );
    },
  };
}

const setOf: ReadonlyMap<string, SetName> = new Map(
  memberSets.map(({ set, kernelName }) => [kernelName, set]),
);

/** From the output of `ipset save`. */
function readMembers(saved: string, now: Time): readonly HeldEntry[] {
  const entries: HeldEntry[] = [];
  for (const line of saved.split('\n')) {
    const [verb, name = '', text = '', , seconds, , packets] = line.split(' ');
    const set = setOf.get(name);
    const place = set && placeOf(set, text);
    if (verb !== 'add' || !place) continue;
    const until = Number(seconds) > 0 ? { until: now + Number(seconds) * 1000 } : {};
    entries.push({ ...place, ...until, ...(Number(packets) > 0 && { packets: Number(packets) }) });
  }
  return entries;
}

/** The kernel lets go of the rules that named a set a moment after they are gone. */
const destroyAttempts = 20;
const destroyPauseMs = 50;

async function destroySets(
  setsPresent: () => Promise<readonly string[]>,
  destroy: (names: readonly string[]) => Promise<unknown>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const names = await setsPresent();
    if (names.length === 0) return;
    try {
      return void (await destroy(names));
    } catch (error) {
      if (attempt < destroyAttempts) await new Promise((resolve) => setTimeout(resolve, destroyPauseMs));
      else throw inUseError(error);
    }
  }
}

function inUseError(error: unknown): unknown {
  if (!(error instanceof SipwardenError) || !error.message.includes('in use')) return error;
  return firewallError('FIREWALL_SET_IN_USE', 'a set of ours is named by a rule that is not ours', error);
}

function asText(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

function countDrops(counted: readonly CountedRule[], { hotTexts, limits }: RuleSettings): KernelDrops {
  const sum = (name: string) =>
    counted.filter((rule) => rule.name === name).reduce((all, { packets }) => all + packets, 0);
  return {
    hot: Object.fromEntries(hotTexts.map((text, index) => [text, sum(`sw-hot-${index}`)])),
    limits: Object.fromEntries(limits.map(({ name }) => [name, sum(`sw-${name}`)])),
  };
}
