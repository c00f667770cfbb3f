// The commands for what a source may send: limits of its own, and who is slowed.
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Limits } from '../control/operations.ts';
import { SipwardenError } from '../model/error.ts';
import type { SourceLimit } from '../model/source-limit.ts';
import { type Call, network, show } from './orders.ts';
import { clock, type Output, table } from './print.ts';

interface Rates {
  readonly invitePerSecond?: string;
  readonly tftpPerMinute?: string;
  readonly packetsPerSecond?: string;
  readonly note?: string;
}

export function addLimitCommands(program: Command, output: Output, call: Call): void {
  const limit = program.command('limit').description('how much a source may send');
  limit
    .command('list')
    .description('sources with a limit of their own, and who is slowed at this moment')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) =>
      show(output, json, (await call('GET', '/v1/limits')) as Limits, viewLimits),
    );
  limit
    .command('set <address>')
    .description('give a source (a network together) a limit of its own')
    .option('--invite-per-second <number>', 'INVITEs a second')
    .option('--tftp-per-minute <number>', 'TFTP requests a minute')
    .option('--packets-per-second <number>', 'packets of any kind a second')
    .option('--note <text>', 'why, for whoever reads it later')
    .action(async (address: string, { note, ...rates }: Rates) => {
      const order = {
        target: network(address),
        by: userInfo().username,
        ...(note !== undefined && { note }),
        ...Object.fromEntries(Object.entries(rates).map(([name, text]) => [name, wholeNumber(text)])),
      };
      const limits = (await call('POST', '/v1/limits', order)) as readonly SourceLimit[];
      for (const each of limits) output.out(`${each.target} may send ${rateOf(each)}`);
    });
  limit
    .command('clear <address>')
    .description('let the limits of everybody hold for a source again')
    .action(async (address: string) => {
      const answer = await call('POST', '/v1/limits/clear', { target: network(address) });
      const { target, cleared } = answer as { target: string; cleared: number };
      output.out(
        cleared > 0 ? `${target} has no limit of its own any more` : `${target} had no limit of its own`,
      );
    });
}

function viewLimits({ own, slowed }: Limits): string {
  return [
    table(
      ['ADDRESS', 'MAY SEND', 'NOTE', 'BY', 'SINCE'],
      own.map((each) => [each.target, rateOf(each), each.note, each.author, clock(each.time)]),
      'no source has a limit of its own',
    ),
    '',
    table(
      ['SLOWED', 'BECAUSE OF', 'UNTIL', 'PACKETS SINCE'],
      slowed.map(({ target, set, until, packets }) => [
        target,
        nounOf[set] ?? set,
        clock(until),
        `${packets ?? 0}`,
      ]),
      'nobody is slowed',
    ),
  ].join('\n');
}

const nounOf: Readonly<Record<string, string>> = {
  invite: 'INVITEs',
  tftp: 'TFTP requests',
  packets: 'packets',
};

function rateOf({ limit, perMinute }: SourceLimit): string {
  return limit === 'tftp'
    ? `${perMinute} ${nounOf[limit]} a minute`
    : `${perMinute / 60} ${nounOf[limit]} a second`;
}

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new SipwardenError('USAGE', `${JSON.stringify(text.slice(0, 20))} is no whole number`);
}
