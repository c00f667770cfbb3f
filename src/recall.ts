// What the store remembers at start. Where it cannot be read, protection begins from what the kernel still holds.
import type { Change } from './model/change.ts';
import type { Decision } from './model/decision.ts';
import type { ListEntry, ListTarget } from './model/list-entry.ts';
import type { Proposal } from './model/proposal.ts';
import type { ShieldEntry } from './model/shield-entry.ts';
import type { SourceLimit } from './model/source-limit.ts';
import type { Time } from './model/time.ts';
import type { Store } from './store/store.ts';

export interface Memory {
  /** Oldest first: what was decided since `since`, and whatever of before still holds. */
  readonly decisions: readonly (Decision & { readonly ended?: unknown })[];
  readonly allow: readonly ListEntry[];
  readonly deny: readonly ListEntry[];
  readonly limits: readonly SourceLimit[];
  readonly proposals: readonly Proposal[];
  readonly shielded: readonly ShieldEntry[];
  /** Forced changes that nobody had confirmed. */
  readonly changes: readonly Change[];
  /** False: the store said nothing (and has raised its alarm), so the kernel must not be made to agree with this. */
  readonly isComplete: boolean;
}

const nothing = {
  decisions: [],
  allow: [],
  deny: [],
  limits: [],
  proposals: [],
  shielded: [],
  changes: [],
} as const;

export async function recall(store: Store, now: Time, since: Time): Promise<Memory> {
  try {
    const decisions = await store.decisionsSince(since);
    const known = new Set(decisions.map(({ id }) => id));
    const older = (await store.activeDecisions(now)).filter(({ id }) => !known.has(id));
    const [allow, deny] = [await store.listEntries('allow'), await store.listEntries('deny')];
    return {
      decisions: [...older, ...decisions],
      allow,
      deny,
      limits: await store.limits(),
      proposals: await store.proposals(),
      shielded: await store.shield(now),
      changes: await store.changes(),
      isComplete: true,
    };
  } catch {
    return { ...nothing, isComplete: false };
  }
}

/** What is remembered, as if the forced changes that nobody confirmed had never been made. */
export function withoutUnconfirmed({ changes, decisions, deny }: Memory) {
  const unarmed = changes.filter(({ kind }) => kind === 'mode');
  const undone = changes.flatMap(({ target, ...change }) =>
    target === undefined ? [] : { ...change, target },
  );
  const hit = (kind: Change['kind'], target: ListTarget) =>
    undone.some((change) => change.kind === kind && change.target === target);
  return {
    unarmed,
    undone,
    deny: deny.filter(({ target }) => !hit('deny', target)),
    decisions: decisions.map((decision) =>
      decision.cause.kind === 'manual' && hit('ban', decision.target)
        ? { ...decision, ended: true }
        : decision,
    ),
  };
}
