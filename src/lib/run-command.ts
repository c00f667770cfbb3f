// The only import of execa: other programs are run as argv arrays, without a shell, and never without a time-out.
import { execa } from 'execa';
import { SipwardenError } from '../model/error.ts';

export interface CommandOptions {
  /** Written to the command's standard input, which is then closed. */
  readonly input?: string;
  /** Milliseconds until the command is killed; 10 s where nothing is said. */
  readonly timeoutMs?: number;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const outputLimit = 64 * 1024 * 1024;

/**
 * Runs a command to its end. A non-zero exit is a value; rejects with COMMAND_NOT_FOUND, COMMAND_TIMEOUT
 * or COMMAND_KILLED where there is no exit status.
 */
export async function tryCommand(
  file: string,
  args: readonly string[],
  { input, timeoutMs = 10_000 }: CommandOptions = {},
): Promise<CommandResult> {
  const result = await execa(file, args, {
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: outputLimit,
    reject: false,
  });
  if (result.exitCode !== undefined) {
    return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  }
  if (result.code === 'ENOENT') {
    throw new SipwardenError('COMMAND_NOT_FOUND', `there is no program ${file} on this machine`, {
      hint: `install it, or put it on PATH`,
      cause: result,
    });
  }
  if (result.timedOut) {
    throw new SipwardenError('COMMAND_TIMEOUT', `${file} did not end within ${timeoutMs} ms`, {
      cause: result,
    });
  }
  throw new SipwardenError('COMMAND_KILLED', `${file} ended without an exit status: ${result.shortMessage}`, {
    cause: result,
  });
}

/** As tryCommand, and a non-zero exit rejects too, with COMMAND_FAILED and the last line that the command said. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await tryCommand(file, args, options);
  if (result.exitCode === 0) return result;
  const said = result.stderr.trim().split('\n').at(-1) ?? '';
  throw new SipwardenError('COMMAND_FAILED', `${file} failed (exit ${result.exitCode}): ${said}`, {
    cause: result,
  });
}
