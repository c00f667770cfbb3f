// Our sets in ipset and what is in them, whoever's rules look into them.
import { setImmediate } from 'node:timers/promises';
import type { Enforcer, HeldEntry, Place, SetName } from '../model/enforcer.ts';
import { SipwardenError } from '../model/error.ts';
import type { Time } from '../model/time.ts';
import { firewallCommand } from './firewall-command.ts';
import { firewallError } from './firewall-error.ts';
import { createGroupedChanges } from './grouped-changes.ts';
import { moveLines, outdatedSets } from './ipset-migration.ts';
import { createIpsetSession } from './ipset-session.ts';
import { damagedSets, kernelSetNames, nextOf, setLines } from './ipset-sets.ts';
import { watchSets } from './ipset-watch.ts';
import { type Family, families, memberSets } from './kernel-sets.ts';
import { memberOf, placeOf, timeoutSeconds } from './member.ts';
import type { RuleSettings } from './rule-settings.ts';
import { readSetHeaders } from './set-headers.ts';

export interface IpsetParts {
  readonly rules: RuleSettings;
  readonly now: () => Time;
  /** What stands before every command, such as `ip netns exec NAME`. */
  readonly commandPrefix?: readonly string[];
  /** Longest silence of the `ipset -` child, and half of what any other program may take. Milliseconds. */
  readonly answerWithinMs?: number;
}

export interface IpsetMembers
  extends Pick<Enforcer, 'add' | 'remove' | 'list' | 'damage' | 'watch' | 'close'> {
  /** Makes the sets of these families; members that are there stay. */
  prepare(present: readonly Family[]): Promise<void>;
  destroy(): Promise<void>;
}

export function createIpsetMembers({
  rules,
  now,
  commandPrefix = [],
  answerWithinMs = 5_000,
}: IpsetParts): IpsetMembers {
  const session = createIpsetSession({ commandPrefix, answerWithinMs });
  const ipset = (args: readonly string[], input?: string) =>
    firewallCommand([...commandPrefix, 'ipset', ...args], {
      timeoutMs: 2 * answerWithinMs,
      ...(input !== undefined && { input }),
    });
  let prepared: readonly Family[] = families;

  const locate = (place: Place) => {
    const { family, kernelName, text } = memberOf(place);
    if (prepared.includes(family)) return `${kernelName} ${text}`;
    throw firewallError('FIREWALL_NO_IPV6', `${text} cannot be in a set: IPv6 is not protected here`);
  };

  const headers = async () => readSetHeaders((await ipset(['list', '-t'])).stdout, kernelSetNames);

  /** Sets that an earlier version of ours made otherwise; and what a process that was killed meanwhile left of that. */
  const renew = async () => {
    const there = await headers();
    const leftovers = memberSets
      .map(({ kernelName }) => nextOf(kernelName))
      .filter((name) => there.has(name));
    if (leftovers.length > 0) await ipset(['restore'], asText(leftovers.map((name) => `destroy ${name}`)));
    for (const set of outdatedSets(there, memberSets)) {
      const { stdout: saved } = await ipset(['save', set.kernelName]);
      await ipset(['-exist', 'restore'], asText(moveLines(set, saved)));
    }
  };

  const setsPresent = async () => {
    const { stdout } = await ipset(['list', '-n']);
    return stdout.split('\n').filter((name) => kernelSetNames.includes(name));
  };

  const changes = createGroupedChanges<string>({
    mostInOne,
    commit: (commands) =>
      commands.length < worthAFork
        ? session.run(commands.join('\n'))
        : ipset(['-exist', 'restore'], asText(commands)),
  });
  const remove = async (place: Place) => changes.change(`del ${locate(place)} -exist`);

  return {
    async prepare(present) {
      prepared = present;
      await renew();
      await ipset(['-exist', 'restore'], asText(setLines(rules, present)));
    },

    async add(entry) {
      const place = locate(entry);
      const seconds = timeoutSeconds(entry.until, now());
      if (seconds === undefined) await remove(entry);
      else await changes.change(`add ${place} timeout ${seconds} -exist`);
    },

    remove,

    async list() {
      const present = await setsPresent();
      const wanted = memberSets.filter(({ kernelName }) => present.includes(kernelName));
      const saves = wanted.map(({ kernelName }) => `save ${kernelName}`);
      const { stdout } = await ipset(['restore'], asText(saves));
      return readMembers(stdout, now());
    },

    damage: async () => damagedSets(await headers(), rules, prepared).map((name) => `the set ${name}`),
    watch: (onChange) => watchSets(headers, onChange),
    close: () => changes.between(() => session.close()),

    async destroy() {
      await changes.between(() => session.close());
      await destroySets(setsPresent, (names) =>
        ipset(['restore'], asText(names.map((name) => `destroy ${name}`))),
      );
    },
  };
}

const setOf: ReadonlyMap<string, SetName> = new Map(
  memberSets.map(({ set, kernelName }) => [kernelName, set]),
);

const mostInOne = 10_000;
/** The session asks the kernel once for each command, `ipset restore` once for many. */
const worthAFork = 500;
/** Read between two turns of the event loop: no ban waits for a long list. Some 10 ms. */
const linesAtOnce = 1_000;

/** From the output of `ipset save`. */
async function readMembers(saved: string, now: Time): Promise<readonly HeldEntry[]> {
  const lines = saved.split('\n');
  const entries: HeldEntry[] = [];
  for (let start = 0; start < lines.length; start += linesAtOnce) {
    if (start > 0) await setImmediate();
    for (const line of lines.slice(start, start + linesAtOnce)) entries.push(...readMember(line, now));
  }
  return entries;
}

function readMember(line: string, now: Time): readonly HeldEntry[] {
  const [verb, name = '', text = '', , seconds, , packets] = line.split(' ');
  const set = setOf.get(name);
  const place = set && placeOf(set, text);
  if (verb !== 'add' || !place) return [];
  const until = Number(seconds) > 0 ? { until: now + Number(seconds) * 1000 } : {};
  return [{ ...place, ...until, ...(Number(packets) > 0 && { packets: Number(packets) }) }];
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
