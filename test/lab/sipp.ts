// SIPp with scenarios of the lab's own, which bear none of the marks that SIPp's own scenarios do.
import { join } from 'node:path';
import { addresses, type Host } from './addresses.ts';
import type { Network } from './namespaces.ts';

const seconds = 12;

/** It may end before its last call is over where the kernel drops a call's packets. */
export async function sipp(
  network: Network,
  scenario: 'options' | 'invite',
  { calls, perSecond, host = 'attacker' }: { calls: number; perSecond: number; host?: Host },
): Promise<void> {
  const file = join(import.meta.dirname, `sipp/${scenario}.xml`);
  const args = ['-sf', file, '-m', String(calls), '-r', String(perSecond), '-i', addresses[host].ipv4];
  const bounded = ['--kill-after=2', String(seconds), 'sipp', ...args, '-nostdin', addresses.pbx.ipv4];
  const { exitCode, stderr } = await network.run(host, 'timeout', bounded, {
    timeoutMs: (seconds + 5) * 1_000,
  });
  // 1: a call failed. 124: it was ended.
  if (exitCode > 1 && exitCode !== 124) throw new Error(`sipp failed (${exitCode}): ${stderr}`);
}
