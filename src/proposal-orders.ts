// What persons say to proposals for the denylist.
import type { Operations } from './control/operations.ts';
import { createListOrders, type ListOrdersParts } from './list-orders.ts';
import type { Network } from './model/address.ts';
import { SipwardenError } from './model/error.ts';
import type { Proposal } from './model/proposal.ts';
import type { Proposals } from './proposals.ts';

export interface ProposalOrdersParts extends ListOrdersParts {
  readonly proposals: Proposals;
}

export function createProposalOrders({
  proposals,
  ...parts
}: ProposalOrdersParts): Pick<Operations, 'proposals' | 'proposalApprove' | 'proposalDismiss'> {
  const { listAdd } = createListOrders(parts);
  const waiting = (target: Network): Proposal => {
    const proposal = proposals.waiting().find((each) => each.target === target);
    if (proposal) return proposal;
    throw new SipwardenError('NOT_PROPOSED', `${target} is not proposed for the denylist`, {
      hint: '"sipwarden proposals" lists those that are',
    });
  };
  return {
    async proposals() {
      return proposals.waiting();
    },
    async proposalApprove({ target, note, ...order }) {
      const proposal = waiting(target);
      const added = await listAdd('deny', { ...order, target, note: note || proposal.reason });
      await proposals.answer(proposal, 'approved', order.by);
      return added;
    },
    async proposalDismiss({ target, by }) {
      const proposal = waiting(target);
      await proposals.answer(proposal, 'dismissed', by);
      return proposal;
    },
  };
}
