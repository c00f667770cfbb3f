// Runs one firewall command to its end and gives its failures our codes. No text from outside comes here.
import { type CommandOptions, type CommandResult, runCommand } from '../lib/run-command.ts';
import { messageOf, SipwardenError } from '../model/error.ts';
import { type FirewallErrorCode, firewallError } from './firewall-error.ts';

const codes: Readonly<Record<string, FirewallErrorCode>> = {
  COMMAND_NOT_FOUND: 'FIREWALL_COMMAND_MISSING',
  COMMAND_TIMEOUT: 'FIREWALL_TIMEOUT',
};

/** Complaints in English, and nowhere to keep a history of commands (`nft -i` does). */
export const plainEnvironment = { LC_ALL: 'C', HOME: '/dev/null' } as const;

/** Rejects with FIREWALL_COMMAND_MISSING, FIREWALL_COMMAND_FAILED or FIREWALL_TIMEOUT. */
export async function firewallCommand(
  argv: readonly string[],
  options: Pick<CommandOptions, 'input' | 'timeoutMs'> = {},
): Promise<CommandResult> {
  const [file = '', ...args] = argv;
  try {
    return await runCommand(file, args, { ...options, env: plainEnvironment });
  } catch (error) {
    const code = error instanceof SipwardenError ? codes[error.code] : undefined;
    throw firewallError(code ?? 'FIREWALL_COMMAND_FAILED', messageOf(error), error);
  }
}
