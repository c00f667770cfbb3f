// One long-lived `ipset -` that carries out commands in order and acknowledges each of them. It knows nothing of sets;
// the commands are made elsewhere, from checked members only.
import { finished } from 'node:stream/promises';
import { createLineReader } from '../lib/line-reader.ts';
import { type ProcessExit, type RunningProcess, startProcess } from '../lib/run-command.ts';
import type { SipwardenError } from '../model/error.ts';
import { firewallError } from './firewall-error.ts';

export interface IpsetSession {
  /**
   * Resolves when the kernel has taken the command. Commands of one tick travel together. Rejects with
   * FIREWALL_NOT_PREPARED, FIREWALL_SET_FULL, FIREWALL_COMMAND_FAILED, FIREWALL_TIMEOUT or FIREWALL_CHILD_EXITED;
   * after the last two a new child takes the next command.
   */
  run(command: string): Promise<void>;
  /** Lets the child finish what it was told and ends it. A later command starts a new one. */
  close(): Promise<void>;
}

export interface IpsetSessionParts {
  /** What stands before every command, such as `ip netns exec NAME`. */
  readonly commandPrefix: readonly string[];
  /** A child that owes an answer and is silent for longer, at most twice as long, is given up. Milliseconds. */
  readonly answerWithinMs: number;
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

/**
 * ipset says nothing on success, and its two outputs are not ordered with each other. So each command is followed by
 * one that must fail, with its number in the complaint: then all answers come in order on standard error, each behind
 * the complaints about its own command. It fails in the parser and never reaches the kernel (ipset 6 and 7).
 */
const acknowledgement = /typename '(\d+)' is unknown/;
const longestComplaint = 4_096;
/** A flood that takes all processors must not keep its own ban waiting. Without the right to it, nice only complains. */
const urgent = ['nice', '-n', '-10'];

export function createIpsetSession({ commandPrefix, answerWithinMs }: IpsetSessionParts): IpsetSession {
  let current: Child | undefined;

  const abandon = (child: Child, error: SipwardenError) => {
    if (current === child) current = undefined;
    clearTimeout(child.watchdog);
    child.process.signal('SIGKILL');
    for (const { reject } of child.waiting.values()) reject(error);
    child.waiting.clear();
  };

  /** Looks now and then whether the child still answers, since a timer for each command would cost as much as a ban. */
  const watch = (child: Child) => {
    if (child.watchdog) return;
    const { answered } = child;
    child.watchdog = setTimeout(() => {
      child.watchdog = undefined;
      if (child.waiting.size === 0) return;
      if (child.answered > answered) watch(child);
      else
        abandon(child, firewallError('FIREWALL_TIMEOUT', `ipset did not answer within ${answerWithinMs} ms`));
    }, answerWithinMs).unref();
  };

  const send = (child: Child, command: string, waiting: Waiting) => {
    child.sent += 1;
    child.waiting.set(child.sent, waiting);
    if (child.outbox.push(`${command}\ncreate - ${child.sent}\n`) === 1) queueMicrotask(() => flush(child));
    watch(child);
  };

  const start = (): Child => {
    const [file = '', ...args] = [...commandPrefix, ...urgent, 'ipset', '-'];
    const process = startProcess(file, args, { stdio: ['pipe', 'ignore', 'pipe'] });
    const child: Child = {
      process,
      waiting: new Map(),
      outbox: [],
      sent: 0,
      answered: 0,
      watchdog: undefined,
    };
    readAnswers(child, () => abandon(child, exitedError({ failure: 'its answers make no sense' })));
    void ending(process).then((exit) => abandon(child, exitedError(exit)));
    // What ipset has to say about itself, such as its version, is no failure of the first real command.
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

function readAnswers(child: Child, onDisorder: () => void): void {
  let complaints = '';
  const onLine = (line: string) => {
    const number = acknowledgement.exec(line)?.[1];
    if (number === undefined) complaints = `${complaints}${line}\n`.slice(0, longestComplaint);
    else if (Number(number) !== child.answered + 1) onDisorder();
    else {
      answer(child, complaints);
      complaints = '';
    }
  };
  const lines = createLineReader(longestComplaint, onLine, onDisorder);
  child.process.stderr?.on('data', (chunk: Buffer) => lines.push(chunk));
}

function answer(child: Child, complaints: string): void {
  child.answered += 1;
  const waiting = child.waiting.get(child.answered);
  child.waiting.delete(child.answered);
  if (complaints) waiting?.reject(complaintError(complaints));
  else waiting?.resolve();
}

/** Its end, with everything that it had said already read. */
async function ending({ exited, stderr }: RunningProcess): Promise<ProcessExit> {
  if (stderr && !stderr.closed) await finished(stderr).catch(() => {});
  return exited;
}

function complaintError(complaints: string): SipwardenError {
  const said = complaints.trim().replace(/^ipset v[\d.]+: /, '');
  if (/set with the given name does not exist/.test(said)) {
    return firewallError('FIREWALL_NOT_PREPARED', 'a set of ours is not in the kernel');
  }
  if (/is full/.test(said)) return firewallError('FIREWALL_SET_FULL', 'the set takes no more members');
  return firewallError('FIREWALL_COMMAND_FAILED', `ipset refused a command: ${said}`);
}

function exitedError({ exitCode, signal, failure }: ProcessExit): SipwardenError {
  const how = failure ?? (signal ? `by ${signal}` : `with exit status ${exitCode}`);
  return firewallError('FIREWALL_CHILD_EXITED', `ipset ended before it answered: ${how}`);
}
