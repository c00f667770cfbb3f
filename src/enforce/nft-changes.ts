// Changes of members as nft takes them: many in one transaction, which costs as much as a hundred members.
import type { Place } from '../model/enforcer.ts';
import { codeOf } from '../model/error.ts';
import type { CommandSession } from './command-session.ts';
import { firewallError } from './firewall-error.ts';
import { createGroupedChanges, type GroupedChanges } from './grouped-changes.ts';
import { elementOf, type NftSet, nftSetName, nftSetOf } from './nft-sets.ts';

/** A member that is to be there for so many seconds (0: for good), or not to be there. */
export interface MemberChange {
  /** Has passed `memberOf`. */
  readonly place: Place;
  readonly seconds: number | undefined;
}

export type NftChanges = GroupedChanges<MemberChange>;

export interface NftChangesParts {
  readonly session: Pick<CommandSession, 'run'>;
  /** Sets that rules look into; undefined where nothing is prepared. */
  readonly sets: () => readonly NftSet[] | undefined;
  /** What makes more sets, and rules for them. */
  readonly widening: (sets: readonly NftSet[]) => readonly string[];
  readonly widened: (sets: readonly NftSet[]) => void;
}

const mostInOne = 1_000;

export function createNftChanges({ session, sets, widening, widened }: NftChangesParts): NftChanges {
  /** One transaction. */
  const commit = async (changes: readonly MemberChange[]) => {
    const present = sets();
    if (!present) throw firewallError('FIREWALL_NOT_PREPARED', 'the sets have not been made');
    const wanted = changes.filter(({ seconds }) => seconds !== undefined).map(({ place }) => nftSetOf(place));
    const more = missingSets(wanted, present);
    const all = [...present, ...more];
    const lines = [...(more.length > 0 ? widening(all) : []), ...memberLines(changes, all)];
    if (lines.length > 0) await session.run(lines.join('; '));
    if (more.length > 0) widened(all);
  };

  return createGroupedChanges({
    mostInOne,
    async commit(changes) {
      try {
        await commit(changes);
      } catch (error) {
        // The full set would have taken what it has already: so it was not there.
        const [alone, ...others] = changes;
        const isRemoval = others.length === 0 && alone?.seconds === undefined;
        if (!isRemoval || codeOf(error) !== 'FIREWALL_SET_FULL') throw error;
      }
    },
  });
}

function missingSets(wanted: readonly NftSet[], present: readonly NftSet[]): readonly NftSet[] {
  const names = new Set(present.map(nftSetName));
  return wanted.filter((set) => {
    const isMissing = !names.has(nftSetName(set));
    names.add(nftSetName(set));
    return isMissing;
  });
}

/**
 * Of several changes of one member the last counts. nft neither renews a time-out (before Linux 6.12) nor takes the
 * removal of what is not there; so each member is first added, then removed, and then perhaps added as it is wanted.
 */
export function memberLines(changes: readonly MemberChange[], sets: readonly NftSet[]): readonly string[] {
  const names = new Set(sets.map(nftSetName));
  const bySet = new Map<string, Map<string, number | undefined>>();
  for (const { place, seconds } of changes) {
    const name = nftSetName(nftSetOf(place));
    if (!names.has(name)) continue;
    const members = bySet.get(name) ?? new Map<string, number | undefined>();
    bySet.set(name, members.set(elementOf(place), seconds));
  }
  return [...bySet].flatMap(([name, members]) => {
    const any = [...members.keys()];
    const wanted = [...members].flatMap(([element, seconds]) =>
      seconds === undefined ? [] : seconds === 0 ? element : `${element} timeout ${seconds}s`,
    );
    const elements = (verb: string, list: readonly string[]) =>
      `${verb} element inet sipwarden ${name} { ${list.join(', ')} }`;
    return [
      elements('add', any),
      elements('delete', any),
      ...(wanted.length > 0 ? [elements('add', wanted)] : []),
    ];
  });
}
