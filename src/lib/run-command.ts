// The only import of execa: other programs are run as argv arrays, without a shell, and never without a time-out
// (or, where they are to stay, with an owner who ends them).
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { SipwardenError } from '../model/error.ts';

export interface CommandOptions {
  /** Written to the command's standard input, which is then closed. */
  readonly input?: string;
  /** Milliseconds until the command is killed; 10 s where nothing is said. */
  readonly timeoutMs?: number;
  /** Variables that differ from ours. */
  readonly env?: Readonly<Record<string, string>>;
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
  { input, timeoutMs = 10_000, env = {} }: CommandOptions = {},
): Promise<CommandResult> {
  const result = await execa(file, args, {
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    timeout: timeoutMs,
    env,
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

/** As tryCommand, and a non-zero exit rejects too, with COMMAND_FAILED and what the command called its error, or said last. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await tryCommand(file, args, options);
  if (result.exitCode === 0) return result;
  const lines = result.stderr.trim().split('\n');
  const said = lines.find((line) => line.includes('Error: ')) ?? lines.at(-1) ?? '';
  throw new SipwardenError('COMMAND_FAILED', `${file} failed (exit ${result.exitCode}): ${said}`, {
    cause: result,
  });
}

type Stdio<Descriptor> = readonly [
  stdin: 'pipe' | 'ignore' | Descriptor,
  stdout: 'pipe' | 'ignore' | Descriptor,
  stderr: 'pipe' | 'ignore',
  ...others: Descriptor[],
];

export interface ProcessOptions {
  /** What the child's descriptors 0, 1, 2, 3 ... are: a stream of ours, nothing, or an open descriptor of ours. */
  readonly stdio: Stdio<number>;
  /** The child's whole environment; ours where nothing is said. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a child ended: one of the two, or `failure` alone where it could not be started. */
export interface ProcessExit {
  readonly exitCode?: number;
  readonly signal?: string;
  readonly failure?: string;
}

export interface RunningProcess {
  /** Absent where it could not be started. */
  readonly pid: number | undefined;
  /** Null where `stdio` says no `pipe`. Errors of writing show as the child's exit and are swallowed here. */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Never rejects. */
  readonly exited: Promise<ProcessExit>;
  signal(name: 'SIGTERM' | 'SIGKILL' | 'SIGUSR1'): void;
}

/**
 * Starts a program that stays. Nothing is buffered: who asks for a `pipe` reads it. It gets SIGTERM when we exit;
 * ending it sooner is its owner's task.
 */
export function startProcess(
  file: string,
  args: readonly string[],
  { stdio, env }: ProcessOptions,
): RunningProcess {
  const child = execa(file, args, {
    // execa's types know descriptors up to 9 only; it passes on any.
    stdio: stdio as Stdio<3>,
    ...(env ? { env, extendEnv: false } : {}),
    buffer: false,
    reject: false,
  });
  child.stdin?.on('error', () => {});
  return {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited: child.then(({ exitCode, signal, shortMessage }) => {
      if (exitCode !== undefined) return { exitCode };
      return signal ? { signal } : { failure: shortMessage ?? 'it could not be started' };
    }),
    signal: (name) => void child.kill(name),
  };
}
