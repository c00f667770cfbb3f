// The enforcer for hosts with iptables: members in ipset's sets, which time out in the kernel even when we are dead.
import type { Logger } from '../lib/logger.ts';
import { type Enforcer, type Entry, type Place, type SetName, setNames } from '../model/enforcer.ts';
import { SipwardenError } from '../model/error.ts';
import type { Time } from '../model/time.ts';
import { firewallCommand } from './firewall-command.ts';
import { firewallError } from './firewall-error.ts';
import { createIpsetSession } from './ipset-session.ts';
import { createIptables } from './iptables.ts';
import { memberOf, placeOf, timeoutSeconds } from './member.ts';
import { type Family, families, kernelSet, kernelSetNames, type RuleSettings, setLines } from './rules.ts';

export interface IpsetParts {
  readonly rules: RuleSettings;
  readonly now: () => Time;
  readonly logger?: Logger;
  /** What stands before every command, such as `ip netns exec NAME`. */
  readonly commandPrefix?: readonly string[];
  /** Longest silence of the `ipset -` child. Milliseconds. */
  readonly answerWithinMs?: number;
}

export interface IpsetEnforcer extends Enforcer {
  /** What this machine cannot do, each as a sentence for a person; known after `prepare`. */
  notices(): readonly string[];
}

export function createIpsetEnforcer({
  rules,
  now,
  logger,
  commandPrefix = [],
  answerWithinMs = 5_000,
}: IpsetParts): IpsetEnforcer {
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

const memberSets = setNames.flatMap((set) =>
  families.map((family: Family) => ({ set, kernelName: kernelSet(set, family) })),
);
const setOf: ReadonlyMap<string, SetName> = new Map(
  memberSets.map(({ set, kernelName }) => [kernelName, set]),
);

/** From the output of `ipset save`. */
function readMembers(saved: string, now: Time): readonly Entry[] {
  const entries: Entry[] = [];
  for (const line of saved.split('\n')) {
    const [verb, name = '', text = '', , seconds] = line.split(' ');
    const set = setOf.get(name);
    const place = set && placeOf(set, text);
    if (verb !== 'add' || !place) continue;
    entries.push(Number(seconds) > 0 ? { ...place, until: now + Number(seconds) * 1000 } : place);
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
