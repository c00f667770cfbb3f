// The enforcer for hosts without iptables: one table of nftables with rules and sets of ours. Members run out in the
// kernel even when we are dead.
import type { Enforcer, Place } from '../model/enforcer.ts';
import type { Time } from '../model/time.ts';
import { firewallCommand } from './firewall-command.ts';
import { memberOf, timeoutSeconds } from './member.ts';
import { createNftChanges, memberLines } from './nft-changes.ts';
import { dropCounter } from './nft-limits.ts';
import { heldEntries, type ListedSet, listedCounters, listedSets } from './nft-listing.ts';
import { monitorRules } from './nft-monitor.ts';
import { frameLines, ruleLines } from './nft-rules.ts';
import { createNftSession } from './nft-session.ts';
import { type NftSet, nftHeaderOf, nftSetName, standingSets } from './nft-sets.ts';
import type { RuleSettings } from './rule-settings.ts';

export interface NftablesParts {
  readonly rules: RuleSettings;
  readonly now: () => Time;
  /** What stands before every command, such as `ip netns exec NAME`. */
  readonly commandPrefix?: readonly string[];
  /** Longest silence of the `nft -i` child. Milliseconds. */
  readonly answerWithinMs?: number;
}

/** nft takes seconds for a hundred thousand members. Milliseconds. */
const longestCommandMs = 60_000;

export function createNftablesEnforcer({
  rules,
  now,
  commandPrefix = [],
  answerWithinMs = 5_000,
}: NftablesParts): Enforcer {
  const session = createNftSession({ commandPrefix, answerWithinMs });
  let sets: readonly NftSet[] | undefined;
  /** Our table as the kernel printed it, without members; undefined until it is read, and after we changed it. */
  let made: string | undefined;
  const changes = createNftChanges({
    session,
    sets: () => sets,
    widening: (wider) => ruleLines(rules, wider),
    widened(wider) {
      sets = wider;
      made = undefined;
    },
  });

  const nft = async (args: readonly string[], lines: readonly string[] = []): Promise<string> => {
    const argv = [...commandPrefix, 'nft', ...args];
    const { stdout } = await firewallCommand(argv, {
      input: `${lines.join('\n')}\n`,
      timeoutMs: longestCommandMs,
    });
    return stdout;
  };
  /** Empty where there is none. */
  const tableText = async (): Promise<string> => {
    const ruleset = await nft(['-s', '-t', '-n', 'list', 'ruleset', 'inet']);
    return /^table inet sipwarden \{\n[\s\S]*?\n\}$/m.exec(ruleset)?.[0] ?? '';
  };
  /** Without their members. */
  const setsInKernel = async () => listedSets(await nft(['-j', '-t', 'list', 'sets', 'inet']));
  /** In one command nft lists one set; in its interactive mode, a set for each line. */
  const withMembers = async (listed: readonly ListedSet[]) => {
    const lines = listed.map(({ set }) => `list set inet sipwarden ${nftSetName(set)}`);
    return lines.length === 0 ? [] : listedSets(await nft(['-j', '-n', '-i'], lines));
  };

  /** What makes sets anew that another version of ours made otherwise, with their members. */
  const renewal = async (listed: readonly ListedSet[]) => {
    const outdated = listed.filter((found) => !isAsToday(found));
    const held = (await withMembers(outdated)).flatMap((found) => heldEntries(found, now()));
    const members = held.map((place) => ({ place, seconds: timeoutSeconds(place.until, now()) }));
    return {
      removals: outdated.map(({ set }) => `delete set inet sipwarden ${nftSetName(set)}`),
      members: memberLines(
        members,
        outdated.map(({ set }) => set),
      ),
    };
  };

  const change = async (place: Place, seconds?: number) =>
    changes.change({ place: memberOf(place).place, seconds });

  return {
    backEnd: () => ({
      name: 'nftables',
      capabilities: { hotSignatures: false, limits: true, capture: true },
    }),
    notices: () =>
      rules.hotTexts.length === 0
        ? []
        : [
            'hot_signatures need iptables: the first packet of a scanner passes, and the sidecar recognizes it',
          ],

    prepare: () =>
      changes.between(async () => {
        const listed = await setsInKernel();
        const { removals, members } = await renewal(listed);
        const standing = new Set(standingSets.map(nftSetName));
        const others = listed.map(({ set }) => set).filter((set) => !standing.has(nftSetName(set)));
        const wanted = [...standingSets, ...others];
        // A set can be deleted once no rule names it.
        await nft(
          ['-f', '-'],
          [
            ...frameLines(),
            'flush table inet sipwarden',
            ...removals,
            ...ruleLines(rules, wanted),
            ...members,
          ],
        );
        sets = wanted;
        made = await tableText();
      }),

    add: (entry) => change(entry, timeoutSeconds(entry.until, now())),
    remove: (place) => change(place),

    async list() {
      const listed = await withMembers(await setsInKernel());
      return listed.flatMap((found) => heldEntries(found, now()));
    },

    async drops() {
      const counters = listedCounters(await nft(['-j', 'list', 'counters', 'table', 'inet', 'sipwarden']));
      const limits = rules.limits.map(({ name }) => [name, counters.get(dropCounter(name)) ?? 0]);
      return { hot: {}, limits: Object.fromEntries(limits) };
    },

    damage: () =>
      changes.between(async () => {
        const there = await tableText();
        made ??= there;
        return there === made && there !== '' ? [] : ['the table inet sipwarden'];
      }),
    watch: (onChange) => monitorRules(commandPrefix, () => onChange('rules')),
    close: () => changes.between(() => session.close()),

    teardown: () =>
      changes.between(async () => {
        sets = undefined;
        await session.close();
        const tables = (await nft(['list', 'tables', 'inet'])).split('\n');
        if (tables.includes('table inet sipwarden')) await nft(['delete', 'table', 'inet', 'sipwarden']);
      }),
  };
}

function isAsToday({ set, header, isWhole }: ListedSet): boolean {
  const { type, size } = nftHeaderOf(set);
  return isWhole && header.type === type && header.size === size;
}
