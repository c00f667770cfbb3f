// The attack tools that real scanners use (Debian's sipvicious 0.3.3), on the attacker's host and bounded in time.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addresses, type Host } from './addresses.ts';
import type { Network } from './namespaces.ts';
import { makeLabFolder } from './stale-labs.ts';

export interface ToolResult {
  readonly output: string;
  readonly endedByItself: boolean;
}

const defaultSeconds = 15;

/** `count` passwords that are none of the lab's. */
export function wrongPasswords(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `guess${index}`);
}

/** Tries the passwords on one extension, at the tool's own speed (about 180 a second); then it listens ten seconds more. */
export async function svcrack(
  network: Network,
  {
    account = '100',
    passwords = wrongPasswords(100),
    seconds = defaultSeconds,
    host = 'attacker' as Host,
    localPort = 5_060,
  } = {},
): Promise<ToolResult> {
  const folder = await makeLabFolder();
  const dictionary = join(folder, 'passwords.txt');
  await writeFile(dictionary, `${passwords.join('\n')}\n`);
  try {
    const args = ['-u', account, '-d', dictionary, '-P', String(localPort), addresses.pbx.ipv4];
    return await runTool(network, 'svcrack', args, seconds, host);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** One OPTIONS a target, with a scanner's User-Agent. */
export function svmap(network: Network, { seconds = defaultSeconds } = {}): Promise<ToolResult> {
  return runTool(network, 'svmap', [addresses.pbx.ipv4], seconds);
}

/** Asks after a range of extensions, `100-199`; it gives up by itself after one answer that it does not expect. */
export function svwar(
  network: Network,
  { range = '100-199', seconds = defaultSeconds } = {},
): Promise<ToolResult> {
  return runTool(network, 'svwar', ['-m', 'REGISTER', '-e', range, addresses.pbx.ipv4], seconds);
}

async function runTool(
  network: Network,
  tool: string,
  args: readonly string[],
  seconds: number,
  host: Host = 'attacker',
): Promise<ToolResult> {
  // svcrack and its kin keep their sessions under HOME.
  const home = await makeLabFolder();
  const bounded = ['--signal=INT', '--kill-after=2', String(seconds), 'env', `HOME=${home}`, tool, ...args];
  const timeoutMs = (seconds + 10) * 1_000;
  try {
    const { exitCode, stdout, stderr } = await network.run(host, 'timeout', bounded, { timeoutMs });
    return { output: `${stdout}${stderr}`, endedByItself: exitCode !== 124 && exitCode !== 137 };
  } finally {
    await rm(home, { recursive: true });
  }
}
