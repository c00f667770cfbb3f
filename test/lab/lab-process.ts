// A program that the lab started and ends by its own process id. What it says is kept, up to a bound.
import { startProcess } from '../../src/lib/run-command.ts';

const outputLimit = 16 * 1024 * 1024;
const killAfterMs = 5_000;

export interface LabProcess {
  readonly pid: number;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  isRunning(): boolean;
  signal(name: NodeJS.Signals): void;
  /** Asks it to end, insists after five seconds, and resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  readonly exited: Promise<void>;
}

export function startLabProcess(file: string, args: readonly string[]): LabProcess {
  const child = startProcess(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} could not be started`);
  let running = true;
  const exited = child.exited.then(() => {
    running = false;
  });
  const signal = (name: NodeJS.Signals) => {
    if (running) process.kill(pid, name);
  };
  return {
    pid,
    stdout: keep(child.stdout),
    stderr: keep(child.stderr),
    isRunning: () => running,
    signal,
    async stop(name = 'SIGTERM') {
      signal(name);
      const insist = setTimeout(() => signal('SIGKILL'), killAfterMs);
      await exited;
      clearTimeout(insist);
    },
    exited,
  };
}

function keep(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    if (text.length < outputLimit) text += chunk;
  });
  return () => text;
}
