// One long-lived child that carries out commands in order and acknowledges each of them: what `ipset -` and `nft -i` have
// in common. It knows nothing of sets; the commands are made elsewhere, from checked members only.
import { finished } from 'node:stream/promises';
import { createLineReader } from '../lib/line-reader.ts';
import { type ProcessExit, type RunningProcess, startProcess } from '../lib/run-command.ts';
import type { SipwardenError } from '../model/error.ts';
import { plainEnvironment } from './firewall-command.ts';
import { firewallError } from './firewall-error.ts';

export interface CommandSession {
  /**
   * Resolves when the kernel has taken the command. Commands of one tick travel together. Rejects with
   * FIREWALL_NOT_PREPARED, FIREWALL_SET_FULL, FIREWALL_COMMAND_FAILED, FIREWALL_TIMEOUT or FIREWALL_CHILD_EXITED;
   * after the last two a new child takes the next command.
   */
  run(command: string): Promise<void>;
  /** Lets the child finish what it was told and ends it. A later command starts a new one. */
  close(): Promise<void>;
}

export interface CommandSessionParts {
  /** What stands before every command, such as `ip netns exec NAME`. */
  readonly commandPrefix: readonly string[];
  /** A child that owes an answer and is silent for longer, at most twice as long, is given up. Milliseconds. */
  readonly answerWithinMs: number;
}

/**
 * How a program is spoken to. They say nothing on success, and their two outputs are not ordered with each other. So each
 * command is followed by one that must fail, with its number in the complaint: then all answers come in order on
 * standard error, each behind the complaints about its own command.
 */
export interface Dialect {
  readonly program: string;
  readonly args: readonly string[];
  /** Fails in the program's parser, and never reaches the kernel. */
  failing(number: number): string;
  /** The number in the complaint about that. */
  numberIn(line: string): number | undefined;
  /** What was said since the number before; undefined where it means no failure. */
  failure(complaints: string): SipwardenError | undefined;
  /** Bytes; whoever says a longer line is not understood. */
  readonly longestLine: number;
}

interface Waiting {
  resolve(): void;
  reject(error: SipwardenError): void;
}

/** A child and what it owes: commands are numbered from 1, and answered in that order. */
interface Child {
  readonly process: RunningProcess;
  readonly waiting: Map<number, Waiting>;
  readonly outbox: string[];
  sent: number;
  answered: number;
  watchdog: NodeJS.Timeout | undefined;
}

/** Of one line, and of all about one command. */
const longestComplaint = { line: 256, all: 4_096 } as const;
const plain = ['env', ...Object.entries(plainEnvironment).map(([name, value]) => `${name}=${value}`)];
/** A flood that takes all processors must not keep its own ban waiting. Without the right to it, nice only complains. */
const urgent = ['nice', '-n', '-10'];

export function createCommandSession(
  dialect: Dialect,
  { commandPrefix, answerWithinMs }: CommandSessionParts,
): CommandSession {
  const { program } = dialect;
  let current: Child | undefined;

  const abandon = (child: Child, error: SipwardenError) => {
    if (current === child) current = undefined;
    clearTimeout(child.watchdog);
    child.process.signal('SIGKILL');
    for (const { reject } of child.waiting.values()) reject(error);
    child.waiting.clear();
  };
  const exited = ({ exitCode, signal, failure }: ProcessExit) => {
    const how = failure ?? (signal ? `by ${signal}` : `with exit status ${exitCode}`);
    return firewallError('FIREWALL_CHILD_EXITED', `${program} ended before it answered: ${how}`);
  };

  /** Looks now and then whether the child still answers, since a timer for each command would cost as much as a ban. */
  const watch = (child: Child) => {
    if (child.watchdog) return;
    const { answered } = child;
    child.watchdog = setTimeout(() => {
      child.watchdog = undefined;
      if (child.waiting.size === 0) return;
      if (child.answered > answered) watch(child);
      else {
        const silence = `${program} did not answer within ${answerWithinMs} ms`;
        abandon(child, firewallError('FIREWALL_TIMEOUT', silence));
      }
    }, answerWithinMs).unref();
  };

  const send = (child: Child, command: string, waiting: Waiting) => {
    child.sent += 1;
    child.waiting.set(child.sent, waiting);
    const text = `${command}\n${dialect.failing(child.sent)}\n`;
    if (child.outbox.push(text) === 1) queueMicrotask(() => flush(child));
    watch(child);
  };

  const answer = (child: Child, complaints: string) => {
    child.answered += 1;
    const waiting = child.waiting.get(child.answered);
    child.waiting.delete(child.answered);
    const failure = complaints ? dialect.failure(complaints) : undefined;
    if (failure) waiting?.reject(failure);
    else waiting?.resolve();
  };

  const readAnswers = (child: Child, onDisorder: () => void) => {
    let complaints = '';
    const onLine = (line: string) => {
      const number = dialect.numberIn(line);
      if (number === undefined) {
        const said = `${line.slice(0, longestComplaint.line)}\n`;
        complaints = `${complaints}${said}`.slice(0, longestComplaint.all);
      } else if (number !== child.answered + 1) onDisorder();
      else {
        answer(child, complaints);
        complaints = '';
      }
    };
    const lines = createLineReader(dialect.longestLine, onLine, onDisorder);
    child.process.stderr?.on('data', (chunk: Buffer) => lines.push(chunk));
  };

  const start = (): Child => {
    const [file = '', ...args] = [...commandPrefix, ...plain, ...urgent, program, ...dialect.args];
    const process = startProcess(file, args, { stdio: ['pipe', 'ignore', 'pipe'] });
    const child: Child = {
      process,
      waiting: new Map(),
      outbox: [],
      sent: 0,
      answered: 0,
      watchdog: undefined,
    };
    readAnswers(child, () => abandon(child, exited({ failure: 'its answers make no sense' })));
    void ending(process).then((exit) => abandon(child, exited(exit)));
    // What it has to say about itself, such as its version, is no failure of the first real command.
    send(child, '', { resolve: () => {}, reject: () => {} });
    return child;
  };

  return {
    run: (command) =>
      new Promise((resolve, reject) => {
        current ??= start();
        send(current, command, { resolve, reject });
      }),
    async close() {
      const child = current;
      if (!child) return;
      current = undefined;
      flush(child);
      child.process.stdin?.end();
      const kill = setTimeout(() => child.process.signal('SIGKILL'), answerWithinMs);
      await ending(child.process);
      clearTimeout(kill);
    },
  };
}

function flush(child: Child): void {
  const text = child.outbox.splice(0).join('');
  if (text) child.process.stdin?.write(text);
}

/** Its end, with everything that it had said already read. */
async function ending({ exited, stderr }: RunningProcess): Promise<ProcessExit> {
  if (stderr && !stderr.closed) await finished(stderr).catch(() => {});
  return exited;
}
