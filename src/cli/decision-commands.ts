// The commands for what sipwarden leaves to a person: who is ours, what is held, what must be confirmed.
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Forced } from '../control/operations.ts';
import type { Change } from '../model/change.ts';
import type { Decision } from '../model/decision.ts';
import type { ShieldEntry } from '../model/shield-entry.ts';
import { viewChanges, viewHeld, viewShield } from './decision-views.ts';
import { type Call, duration, giver, show, showBan } from './orders.ts';
import { clock, type Output } from './print.ts';

export function addDecisionCommands(program: Command, output: Output, call: Call): void {
  program
    .command('shield')
    .description('who is known to be yours, why, and until when')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) =>
      show(output, json, (await call('GET', '/v1/shield')) as ShieldEntry[], viewShield),
    );
  program
    .command('held')
    .description('bans that wait for a person, because phones of yours are behind the address')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) =>
      show(output, json, (await call('GET', '/v1/held')) as Decision[], viewHeld),
    );
  program
    .command('approve <id>')
    .description('carry out a ban that waits for a person; confirm it afterwards')
    .option('--for <duration>', 'how long, such as 30m, 1h, 7d (default: [decide] ban_time)')
    .option('--json', 'as JSON')
    .action(async (id: string, options: { for?: string; json?: true }) => {
      const order = {
        id,
        ...giver(true),
        ...(options.for !== undefined && { forMs: duration(options.for) }),
      };
      showBan(output, options.json, (await call('POST', '/v1/held/approve', order)) as Forced<Decision>);
    });
  program
    .command('dismiss <id>')
    .description('say no to a ban that waits for a person')
    .action(async (id: string) => {
      const order = { id, by: userInfo().username };
      const { target, until } = (await call('POST', '/v1/held/dismiss', order)) as Decision;
      output.out(`${target} is not banned, and you are not asked about it again until ${clock(until)}`);
    });
  program
    .command('unconfirmed')
    .description('forced changes that are undone unless somebody confirms them')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) =>
      show(output, json, (await call('GET', '/v1/unconfirmed')) as Change[], viewChanges),
    );
  program
    .command('confirm [id]')
    .description('keep a forced change (all of them without an id)')
    .action(async (id: string | undefined) => {
      const changes = (await call('POST', '/v1/confirm', id === undefined ? {} : { id })) as Change[];
      for (const { kind, target = '' } of changes) output.out(`confirmed: ${kind} ${target}`.trim());
    });
}
