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

/** INVITEs of sipp's, one for each number, without credentials; nobody listens to what comes back. */
export async function dialWithSipp(
  network: Network,
  { numbers, from, perSecond = 10 }: { numbers: readonly string[]; from: string; perSecond?: number },
): Promise<ToolResult> {
  const folder = await makeLabFolder();
  const [scenario, list] = [join(folder, 'invite.xml'), join(folder, 'numbers.csv')];
  await writeFile(scenario, inviteScenario(from));
  await writeFile(list, `SEQUENTIAL\n${numbers.join(';\n')};\n`);
  const { pbx, attacker } = addresses;
  const args = [
    ...['-sf', scenario, '-inf', list, '-i', attacker.ipv4, '-p', '5060', '-nostdin', '-timeout', '20'],
    ...['-m', String(numbers.length), '-r', String(perSecond), `${pbx.ipv4}:5060`],
  ];
  try {
    return await runTool(network, 'sipp', args, defaultSeconds);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function inviteScenario(from: string): string {
  const request = `
INVITE sip:[field0]@[remote_ip] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:${from}@[remote_ip]>;tag=[pid][call_number]
To: <sip:[field0]@[remote_ip]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:${from}@[local_ip]:[local_port]>
Content-Length: 0
`;
  return `<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="dial"><send><![CDATA[${request}
]]></send></scenario>
`;
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
