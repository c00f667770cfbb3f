// The commands that need no running daemon: they run one, check, set up, take down, or replay a recording. What only
// one of them needs is loaded by it.
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { applyPlan, describePlan } from '../asterisk/file-plan.ts';
import { planRemoval, planSetup, reloadAsterisk, tellAsterisk } from '../asterisk/setup.ts';
import { type Config, loadConfig } from '../config.ts';
import { callDaemon } from '../control/client.ts';
import { findAccount } from '../launch/account.ts';
import { createLogger } from '../lib/logger.ts';
import { parseAddress } from '../model/address.ts';
import { SipwardenError } from '../model/error.ts';
import { runFolders } from '../run-folders.ts';
import { hepPlacesOf } from '../sense/hep-options.ts';
import { type Output, toJson } from './print.ts';
import { viewReplay } from './views.ts';

export function addLocalCommands(program: Command, output: Output): void {
  const load = () => loadConfig({ path: program.opts<{ config?: string }>().config });

  program
    .command('run')
    .description('protect this machine until stopped (what the service runs)')
    .action(async () => {
      const { checkPrivileges, launch } = await import('../launch.ts');
      if (process.getuid?.() === 0) await launch({ path: program.opts<{ config?: string }>().config });
      checkPrivileges(load());
      const { runDaemon } = await import('../daemon.ts');
      await runDaemon({ path: program.opts<{ config?: string }>().config });
    });
  program
    .command('check-config')
    .description('check the configuration files and say what is wrong with them')
    .action(() => {
      const { files } = load();
      output.out(
        files.length === 0
          ? 'no configuration file: all options have their defaults'
          : `valid: ${files.join(', ')}`,
      );
    });
  program
    .command('teardown')
    .description('take everything of sipwarden out of the firewall')
    .action(async () => {
      const { config } = load();
      if (await isRunning(config.control.socket)) {
        throw new SipwardenError(
          'DAEMON_RUNNING',
          'sipwarden is running and would put its rules back at once',
          {
            hint: 'stop it first, then run "sipwarden teardown" again',
          },
        );
      }
      const { firewallSettings, teardownFirewall } = await import('../firewall.ts');
      const settings = firewallSettings(config);
      await teardownFirewall(settings, createLogger('silent', 'sipwarden'), Date.now);
      output.out('nothing of sipwarden is left in the firewall');
      if (settings.acl.role !== 'unused') {
        output.out('Asterisk still refuses whoever was banned until: asterisk -rx "module reload acl"');
      }
    });
  addSetupCommand(program, output);
  addReplayCommand(program, output);
}

/** What Asterisk's command line runs. */
const controlProgram = fileURLToPath(new URL('../../bin/sipwardenctl', import.meta.url));

interface SetupOptions {
  readonly asteriskEtc: string;
  readonly asteriskCommand: string;
  readonly managerFile?: string;
  readonly pjsipFile?: string;
  readonly withCommand?: true;
  readonly yes?: true;
  readonly remove?: true;
}

function addSetupCommand(program: Command, output: Output): void {
  program
    .command('setup')
    .description(
      "give sipwarden its logins to Asterisk's manager interface, and Asterisk's command line its words; shows the plan first",
    )
    .option('--asterisk-etc <directory>', 'where the configuration of Asterisk is', '/etc/asterisk')
    .option('--asterisk-command <program>', 'the asterisk program', 'asterisk')
    .option(
      '--manager-file <name>',
      'the file in there that takes additions to manager.conf (default: found)',
    )
    .option('--pjsip-file <name>', 'the file in there that takes additions to pjsip.conf (default: found)')
    .option('--with-command', 'the actions login may run console commands, to read back what Asterisk holds')
    .option('--yes', 'do it without asking')
    .option('--remove', 'undo it, byte for byte')
    .action(
      async ({
        asteriskEtc,
        asteriskCommand,
        managerFile,
        pjsipFile,
        withCommand,
        yes,
        remove,
      }: SetupOptions) => {
        const { config } = loadConfig({ path: program.opts<{ config?: string }>().config });
        const { secret_file, events_user, actions_user } = config.ami;
        const places = {
          etc: asteriskEtc,
          managerFile,
          withCommand: withCommand === true,
          controlProgram,
          controlSocket: runFolders(config.control.socket).asteriskSocket,
          secretFile: secret_file,
          eventsUser: events_user,
          actionsUser: actions_user,
          secretGroup: findAccount(config.daemon.user)?.gid,
          acl: { ...aclPlacesOf(config), pjsipFile },
          ...((config.hep.enabled || remove) && { hep: hepPlacesOf(config.hep) }),
        };
        const asterisk = [asteriskCommand, '-C', `${asteriskEtc}/asterisk.conf`];
        const plan = remove ? await planRemoval(places) : await planSetup(places);
        output.out(describePlan(plan));
        if (plan.changes.length === 0) return;
        if (!yes && !(await isConfirmed())) {
          throw new SipwardenError('SETUP_NOT_CONFIRMED', 'nothing was changed', {
            hint: 'answer "yes", or add --yes',
          });
        }
        await applyPlan(plan, (command) => tellAsterisk(asterisk, command));
        const { detail } = await reloadAsterisk(places, asterisk);
        output.out(detail);
      },
    );
}

function aclPlacesOf({ asterisk_acl: { section, file, enabled }, firewall }: Config) {
  return { section, file, isEnabled: enabled || firewall.backend === 'asterisk-acl' };
}

interface ReplayCommandOptions {
  readonly local: string[];
  readonly json?: true;
}

function addReplayCommand(program: Command, output: Output): void {
  program
    .command('replay <file...>')
    .description(
      'recordings of one time (pcap, pcapng, HEP, AMI) through these settings: who would be blocked, when and why',
    )
    .option(
      '--local <address>',
      'an address of ours (repeatable; found in the recording otherwise)',
      collect,
      [],
    )
    .option('--json', 'as JSON')
    .action(async (files: string[], options: ReplayCommandOptions) => {
      const { config } = loadConfig({ path: program.opts<{ config?: string }>().config });
      const onProgress = output.isTerminal && !options.json ? progressBar() : undefined;
      const { replay } = await import('../replay.ts');
      const result = await replay({
        files,
        config,
        locals: options.local,
        ...(onProgress && { onProgress }),
      });
      output.out(options.json ? toJson(result) : viewReplay(result));
    });
}

function collect(text: string, before: string[]): string[] {
  const address = parseAddress(text);
  if (address !== undefined) return [...before, address];
  throw new SipwardenError('USAGE', `--local ${JSON.stringify(text.slice(0, 60))} is no address`, {
    hint: 'such as 198.51.100.1 or 2001:db8::1',
  });
}

/** Drawn over itself on standard error, at most once per hundredth. */
function progressBar(): (bytes: number, total: number) => void {
  let shown = -1;
  return (bytes, total) => {
    const percent = total === 0 ? 100 : Math.floor((bytes / total) * 100);
    if (percent === shown) return;
    shown = percent;
    const bar = '█'.repeat(percent / 2.5).padEnd(40, '░');
    process.stderr.write(`\r${bar} ${String(percent).padStart(3)} %${percent >= 100 ? '\n' : ''}`);
  };
}

async function isConfirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asking.question('Do this? (yes/no) ');
  asking.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function isRunning(socket: string): Promise<boolean> {
  return callDaemon(socket, 'GET', '/v1/status').then(
    () => true,
    (error) => !(error instanceof SipwardenError && error.code === 'DAEMON_NOT_REACHABLE'),
  );
}
