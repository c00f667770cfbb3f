// The command line: reads what was asked, asks the daemon, prints the answer. It decides nothing itself.
import { Command, CommanderError } from 'commander';
import { addLocalCommands } from './cli/local-commands.ts';
import { addOrderCommands } from './cli/order-commands.ts';
import { terminal } from './cli/print.ts';
import { exitCode, messageOf, SipwardenError } from './model/error.ts';
import { version } from './status.ts';

const codes: Readonly<Record<string, number>> = {
  CONFIG_INVALID: exitCode.configuration,
  DAEMON_USER: exitCode.configuration,
  DAEMON_NOT_REACHABLE: exitCode.daemonNotReachable,
  ORDER_INVALID: exitCode.usage,
  USAGE: exitCode.usage,
};

/** Runs one command; returns the exit code. */
export async function runCli(args: readonly string[]): Promise<number> {
  const program = new Command('sipwarden')
    .description('Intrusion prevention for Asterisk: finds SIP attackers and shuts them out, and says why.')
    .version(version)
    .option(
      '--config <file>',
      'the configuration file (default: $SIPWARDEN_CONFIG or /etc/sipwarden/sipwarden.toml)',
    )
    .showHelpAfterError()
    .exitOverride();
  addLocalCommands(program, terminal);
  addOrderCommands(program, terminal);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return fail(error);
  }
}

function fail(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCode.usage;
  if (!(error instanceof SipwardenError)) {
    terminal.talk(`sipwarden: ${messageOf(error)} [UNEXPECTED]`);
    return exitCode.failed;
  }
  terminal.talk(`sipwarden: ${error.message} [${error.code}]`);
  if (error.hint) terminal.talk(`  ${error.hint}`);
  return codes[error.code] ?? exitCode.failed;
}

const code = await runCli(process.argv.slice(2));
// What a failed start left running must not keep the process.
if (code !== 0) process.exit(code);
