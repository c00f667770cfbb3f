// The commands that the running daemon answers, over its control socket.
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { callDaemon } from '../control/client.ts';
import type { DetectorReport, Explanation, Forced, Status } from '../control/operations.ts';
import type { Attack } from '../model/attack.ts';
import type { Decision } from '../model/decision.ts';
import { viewAttacks } from './attack-views.ts';
import { addDecisionCommands } from './decision-commands.ts';
import { addLimitCommands } from './limit-commands.ts';
import { addListCommands } from './list-commands.ts';
import { type Call, duration, giver, network, show, showBan } from './orders.ts';
import type { Output } from './print.ts';
import { addProposalCommands } from './proposal-commands.ts';
import { viewBans, viewDetectors, viewExplanation, viewStatus } from './views.ts';

export function addOrderCommands(program: Command, output: Output): void {
  const call: Call = (method, path, order, onProgress) => {
    const { config } = loadConfig({ path: program.opts<{ config?: string }>().config });
    return callDaemon(config.control.socket, method, path, order, onProgress);
  };
  const listing = <Answer>(path: string, view: (answer: Answer) => string) => {
    return async ({ json }: { json?: true }) => show(output, json, (await call('GET', path)) as Answer, view);
  };

  program
    .command('status')
    .description('what protects this machine, what it sees, and what is wrong')
    .option('--json', 'as JSON')
    .action(listing<Status>('/v1/status', viewStatus));
  program
    .command('bans')
    .description('who is blocked, until when, and because of what')
    .option('--json', 'as JSON')
    .action(listing<Decision[]>('/v1/bans', viewBans));
  program
    .command('detectors')
    .description('what is looked for, with which thresholds, and how often it was found')
    .option('--json', 'as JSON')
    .action(listing<DetectorReport[]>('/v1/detectors', viewDetectors));
  addBanCommands(program, output, call);
  addListCommands(program, output, call);
  addHistoryCommands(program, output, call);
  addDecisionCommands(program, output, call);
  addLimitCommands(program, output, call);
  addProposalCommands(program, output, call);
  program
    .command('reload')
    .description('read the configuration again; a wrong one changes nothing')
    .option('--force', 'also where enforcing from now on would hit phones of yours; confirm it afterwards')
    .action(async ({ force }: { force?: true }) => {
      const order = force ? giver(force) : {};
      const { files } = (await call('POST', '/v1/reload', order)) as { files: readonly string[] };
      output.out(files.length === 0 ? 'all options have their defaults' : `in force: ${files.join(', ')}`);
    });
}

function addBanCommands(program: Command, output: Output, call: Call): void {
  program
    .command('ban <address>')
    .description('block an address or network now')
    .option('--for <duration>', 'how long, such as 30m, 1h, 7d (default: [decide] ban_time)')
    .option('--reason <text>', 'why, for whoever reads it later')
    .option('--force', 'also where phones of yours are behind it; confirm it afterwards')
    .option('--json', 'as JSON')
    .action(
      async (address: string, options: { for?: string; reason?: string; force?: true; json?: true }) => {
        const order = {
          target: network(address),
          ...giver(options.force),
          ...(options.for !== undefined && { forMs: duration(options.for) }),
          ...(options.reason !== undefined && { note: options.reason }),
        };
        showBan(output, options.json, (await call('POST', '/v1/bans', order)) as Forced<Decision>);
      },
    );
  program
    .command('unban <address>')
    .description('let an address or network in again, and start afresh with it')
    .option('--json', 'as JSON')
    .action(async (address: string, { json }: { json?: true }) => {
      const answer = await call('POST', '/v1/unban', { target: network(address), by: userInfo().username });
      show(output, json, answer as { target: string; wasInForce: boolean }, ({ target, wasInForce }) =>
        wasInForce ? `${target} is not blocked any more` : `${target} was not blocked`,
      );
    });
}

function addHistoryCommands(program: Command, output: Output, call: Call): void {
  program
    .command('attacks')
    .description('the attack log: who, what, how much, what was done')
    .option('--source <address>', 'of this address or network only')
    .option('--limit <number>', 'at most so many, the newest first', '100')
    .option('--json', 'as JSON')
    .action(async ({ source, limit, json }: { source?: string; limit: string; json?: true }) => {
      const query = new URLSearchParams({ limit, ...(source !== undefined && { source: network(source) }) });
      show(output, json, (await call('GET', `/v1/attacks?${query}`)) as Attack[], viewAttacks);
    });
  program
    .command('explain <address>')
    .description('why an address is blocked, or is not: evidence, proof, decisions, lists, shield')
    .option('--json', 'as JSON')
    .action(async (address: string, { json }: { json?: true }) => {
      const query = new URLSearchParams({ target: network(address) });
      show(output, json, (await call('GET', `/v1/explain?${query}`)) as Explanation, viewExplanation);
    });
}
