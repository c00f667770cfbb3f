// What labs leave behind whose test process died: found by the process id in the name, never by guess.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand, tryCommand } from '../../src/lib/run-command.ts';

const labName = /^swt-lab-(\d+)-/;

/** A folder of this lab's own, told from others by the same rule as its namespaces. */
export function makeLabFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), `swt-lab-${process.pid}-`));
}

/** Ends every process in a namespace of a lab's, by its id, and removes the namespace. */
export async function removeNamespace(name: string): Promise<void> {
  const { stdout } = await tryCommand('ip', ['netns', 'pids', name]);
  const pids = stdout.split('\n').filter(Boolean);
  if (pids.length > 0) await tryCommand('kill', ['-KILL', ...pids]);
  await tryCommand('ip', ['netns', 'del', name]);
}

export async function removeStaleLabs(): Promise<void> {
  for (const name of await labNamespaces()) {
    if (isStale(name)) await removeNamespace(name);
  }
  for (const name of await readdir(tmpdir())) {
    if (isStale(name)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** The namespaces of all labs on this machine, those of other live processes included. */
export async function labNamespaces(): Promise<readonly string[]> {
  const { stdout } = await runCommand('ip', ['netns', 'list']);
  return stdout
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => labName.test(name));
}

function isStale(name: string): boolean {
  const pid = labName.exec(name)?.[1];
  return pid !== undefined && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
