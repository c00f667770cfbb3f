// The commands for the allowlist and the denylist.
import type { Command } from 'commander';
import type { AddedEntry, Forced, Imported, ImportProgress } from '../control/operations.ts';
import type { Overlap } from '../decide/list-overlaps.ts';
import { writeCsv } from '../lists/csv.ts';
import { listFormats } from '../lists/formats.ts';
import { exitCode, SipwardenError } from '../model/error.ts';
import {
  isHostName,
  type ListEntry,
  type ListName,
  listNames,
  listTargetForm,
  parseListTarget,
} from '../model/list-entry.ts';
import { parseTime } from '../model/time.ts';
import { readInput, writeOutput } from './files.ts';
import { viewImport, viewList, viewOverlaps } from './list-views.ts';
import { type Call, duration, giver, show, untilConfirmed } from './orders.ts';
import { clock, type Output } from './print.ts';

interface AddOptions {
  readonly note?: string;
  readonly for?: string;
  readonly until?: string;
  readonly force?: true;
}

interface ImportOptions {
  readonly format?: string;
  readonly dryRun?: boolean;
  readonly replace?: boolean;
  readonly force?: true;
  readonly json?: true;
}

const meanings: Readonly<Record<ListName, string>> = { allow: 'never blocked', deny: 'always blocked' };

export function addListCommands(program: Command, output: Output, call: Call): void {
  for (const name of listNames) addCommandsOf(name, program, output, call);
  program
    .command('overlaps')
    .description('entries of both lists that lie in one another, and which of them have no effect')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) =>
      show(output, json, (await call('GET', '/v1/overlaps')) as Overlap[], viewOverlaps),
    );
}

function addCommandsOf(name: ListName, program: Command, output: Output, call: Call): void {
  const meaning = meanings[name];
  const path = `/v1/lists/${name}`;
  const list = program.command(name).description(`addresses, networks and host names that are ${meaning}`);
  list
    .command('list')
    .description(`who is ${meaning}, and why`)
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) =>
      show(output, json, (await call('GET', path)) as ListEntry[], viewList),
    );
  list
    .command('add <target>')
    .description(`${meaning} from now on: ${listTargetForm}`)
    .option('--note <text>', 'why, for whoever reads it later')
    .option('--for <duration>', 'how long, such as 12h or 7d (default: until it is taken off)')
    .option('--until <time>', 'or until when, such as 2026-12-31 or 2026-12-31T18:00:00Z')
    .option('--force', 'also where phones of yours are behind it; confirm it afterwards')
    .action(async (text: string, { note, force, ...end }: AddOptions) => {
      const order = {
        target: listTarget(text),
        ...giver(force),
        ...(end.for !== undefined && { forMs: duration(end.for) }),
        ...(end.until !== undefined && { until: time(end.until) }),
        ...(note !== undefined && { note }),
      };
      const { result, change } = (await call('POST', `${path}/add`, order)) as Forced<AddedEntry>;
      showAdded(output, name, result, untilConfirmed(change));
    });
  list
    .command('remove <target>')
    .description('take it off the list')
    .action(async (text: string) => {
      const answer = await call('POST', `${path}/remove`, { target: listTarget(text) });
      const { target, wasThere } = answer as { target: string; wasThere: boolean };
      output.out(wasThere ? `${target} is off the ${name}list` : `${target} was not on the ${name}list`);
    });
  list
    .command('import <file>')
    .description('put a whole file on the list, or nothing of it ("-": standard input)')
    .option('--format <name>', `${listFormats.join(', ')} (default: as it looks)`)
    .option('--dry-run', 'only say what would become of it')
    .option('--replace', 'take off what the file does not name')
    .option('--force', 'also where phones of yours are behind it; confirm it afterwards')
    .option('--json', 'as JSON')
    .action(async (file: string, { format, dryRun = false, replace = false, force, json }: ImportOptions) => {
      const order = {
        text: await readInput(file),
        dryRun,
        replace,
        ...giver(force),
        ...(format && { format }),
      };
      const tell = (progress: unknown) => showProgress(output, progress as ImportProgress);
      const imported = (await call('POST', `${path}/import`, order, tell)) as Imported;
      show(output, json, imported, (answer) => viewImport(answer, name));
      if (imported.refused.length > 0) process.exitCode = exitCode.failed;
    });
  list
    .command('export [file]')
    .description('the list as CSV, which imports to the same list')
    .action(async (file: string | undefined) => {
      const entries = (await call('GET', path)) as ListEntry[];
      await writeOutput(file, writeCsv(entries));
      if (file !== undefined) output.talk(`${entries.length} entries are in ${file}`);
    });
}

export function showAdded(output: Output, name: ListName, entry: AddedEntry, more: string): void {
  const { target, until, overlaps, addresses } = entry;
  const end = until === undefined ? 'from now on' : `until ${clock(until)}`;
  output.out(`${target} is ${meanings[name]} ${end}${more}`);
  if (isHostName(target))
    output.talk(
      addresses ? `it is ${addresses.join(', ')} now` : 'nobody knows it yet; it is asked for again',
    );
  if (overlaps.length > 0) output.talk(viewOverlaps(overlaps));
}

function showProgress(output: Output, { checked, of }: ImportProgress): void {
  if (output.isTerminal)
    process.stderr.write(`\r${checked} of ${of} checked\u001b[K${checked === of ? '\r\u001b[K' : ''}`);
}

function listTarget(text: string): string {
  const target = parseListTarget(text);
  if (target !== undefined) return target;
  throw new SipwardenError('USAGE', `${JSON.stringify(text.slice(0, 60))} is not ${listTargetForm}`);
}

function time(text: string): number {
  const parsed = parseTime(text);
  if (parsed !== undefined) return parsed;
  throw new SipwardenError('USAGE', `--until ${JSON.stringify(text.slice(0, 40))} is no time`, {
    hint: 'such as 2026-12-31 or 2026-12-31T18:00:00Z',
  });
}
