// Whoever is banned again and again goes to the denylist, or is proposed for it (`[decide] promote`). Nobody who is ours
// is, and what a person said no to is counted anew from there.
import type { PolicyOptions } from './decide/policy-options.ts';
import { createRepeatedBans } from './decide/repeated-bans.ts';
import type { Logger } from './lib/logger.ts';
import type { Lists } from './lists.ts';
import type { Network } from './model/address.ts';
import type { Decision } from './model/decision.ts';
import { messageOf } from './model/error.ts';
import type { Happening } from './model/happening.ts';
import type { Proposal } from './model/proposal.ts';
import { formatDuration, type Time } from './model/time.ts';
import type { Store } from './store/store.ts';

export interface Proposals {
  /** A source was banned once more; or it was let in again as a whole, and what it did before counts no more. */
  hear(happening: Happening): void;
  /** What waits for a person, the oldest first. */
  waiting(): readonly Proposal[];
  /** Resolves when it is remembered. */
  answer(proposal: Proposal, answer: NonNullable<Proposal['answer']>, by: string): Promise<void>;
}

export interface ProposalsParts {
  readonly remembered: readonly Proposal[];
  /** What a person ended does not count. */
  readonly decisions: readonly (Decision & { readonly ended?: unknown })[];
  readonly options: () => PolicyOptions;
  readonly lists: Lists;
  /** Whether anything of ours is behind it. */
  readonly isOurs: (target: Network) => boolean;
  readonly store: Pick<Store, 'saveProposal'>;
  readonly logger: Logger;
  readonly now: () => Time;
}

/** Of those that wait or are answered; the oldest leaves. */
const maxProposals = 4_096;

export function createProposals(parts: ProposalsParts): Proposals {
  const { remembered, decisions, options, lists, isOurs, store, logger, now } = parts;
  const bans = createRepeatedBans();
  const proposals = new Map(remembered.map((proposal) => [proposal.target, proposal]));
  for (const decision of decisions) if (!decision.ended) bans.note(decision);

  const carryOut = (what: string, done: Promise<unknown>) =>
    void done.catch((error) => logger.warn({ what, reason: messageOf(error) }, 'not carried out yet'));
  const remember = (proposal: Proposal): Promise<void> => {
    proposals.delete(proposal.target);
    proposals.set(proposal.target, proposal);
    const [oldest] = proposals.keys();
    if (proposals.size > maxProposals && oldest !== undefined) proposals.delete(oldest);
    return store.saveProposal(proposal);
  };
  const isListed = (target: Network) =>
    lists.deny.match(target) !== undefined || lists.allow.overlapping(target) !== undefined;
  const answer: Proposals['answer'] = (proposal, said, by) =>
    remember({ ...proposal, answer: said, answeredTime: now(), answeredBy: by });

  const promote = async (proposal: Proposal): Promise<void> => {
    const { target, time, reason } = proposal;
    await Promise.all([
      lists.change('deny', { add: [{ target, note: reason, author: 'sipwarden', time }] }),
      answer(proposal, 'approved', 'sipwarden'),
    ]);
  };

  const decided = (decision: Decision): void => {
    const { target, time } = decision;
    const { block_threshold, block_window, promote: how } = options();
    if (!bans.note(decision) || how === 'never') return;
    const before = proposals.get(target);
    const count = bans.count(target, Math.max(time - block_window, before?.answeredTime ?? 0));
    if (count < block_threshold || isListed(target) || isOurs(target)) return;
    const reason = `banned ${count} times within ${formatDuration(block_window)}, last for ${nameOf(decision)}`;
    const proposal = { target, time, bans: count, reason };
    logger.info({ target, bans: count, promote: how }, 'repeated offender');
    if (how === 'automatic') carryOut('promotion to the denylist', promote(proposal));
    else carryOut('proposal', remember(proposal));
  };
  const released = (target: Network): void => {
    const count = bans.count(target, 0);
    if (count === 0) return;
    const time = now();
    const proposal = { target, time, bans: count, reason: 'let in again by a person' };
    carryOut('proposal', answer(proposal, 'dismissed', 'unban'));
  };

  return {
    hear(happening) {
      if (happening.kind === 'decided') decided(happening.decision);
      else if (happening.kind === 'unblocked' && happening.isWhole) released(happening.target);
    },
    waiting: () => [...proposals.values()].filter((each) => !each.answer && !isListed(each.target)),
    answer,
  };
}

function nameOf({ cause }: Decision): string {
  return cause.kind === 'detection' ? cause.attack : cause.note;
}
