// The commands for addresses that were banned so often that they belong on the denylist.
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { AddedEntry, Forced } from '../control/operations.ts';
import type { Proposal } from '../model/proposal.ts';
import { showAdded } from './list-commands.ts';
import { viewProposals } from './list-views.ts';
import { type Call, giver, network, show, untilConfirmed } from './orders.ts';
import type { Output } from './print.ts';

export function addProposalCommands(program: Command, output: Output, call: Call): void {
  const proposals = program
    .command('proposals')
    .description('addresses that were banned again and again: shall they go to the denylist?')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) =>
      show(output, json, (await call('GET', '/v1/proposals')) as Proposal[], viewProposals),
    );
  proposals
    .command('approve <address>')
    .description('put it on the denylist')
    .option('--note <text>', 'why, for whoever reads it later (default: how often it was banned)')
    .option('--force', 'also where phones of yours are behind it by now; confirm it afterwards')
    .action(async (address: string, { note, force }: { note?: string; force?: true }) => {
      const order = { target: network(address), ...giver(force), ...(note !== undefined && { note }) };
      const { result, change } = (await call('POST', '/v1/proposals/approve', order)) as Forced<AddedEntry>;
      showAdded(output, 'deny', result, untilConfirmed(change));
    });
  proposals
    .command('dismiss <address>')
    .description('leave it as it is; only bans from now on count')
    .action(async (address: string) => {
      const order = { target: network(address), by: userInfo().username };
      const { target } = (await call('POST', '/v1/proposals/dismiss', order)) as Proposal;
      output.out(`${target} stays off the denylist; its bans are counted anew`);
    });
}
