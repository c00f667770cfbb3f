// Scripted SIP clients on a host of the lab: guesses, probes, calls, in exact number.
import { join } from 'node:path';
import { addresses, type Host } from './addresses.ts';
import type { Network } from './namespaces.ts';
import type { SpeakerFinding, SpeakerOptions, SpokenRequest } from './programs/speaker.ts';

export type { SpokenRequest } from './programs/speaker.ts';

/** Sends the requests one after the other. Resolves with how each ended, and when it began. */
export async function speak(
  network: Network,
  host: Host,
  requests: readonly Omit<SpokenRequest, 'from'>[] | readonly SpokenRequest[],
  { protocol = 'UDP', userAgent = 'lab client', pauseMs = 20 }: Partial<SpeakerOptions> = {},
): Promise<readonly SpeakerFinding[]> {
  const options: SpeakerOptions = {
    protocol,
    server: addresses.pbx.ipv4,
    userAgent,
    pauseMs,
    requests: requests.map((request) => ({ from: addresses[host].ipv4, ...request })),
  };
  const program = join(import.meta.dirname, 'programs/speaker.ts');
  const timeoutMs = 20_000 + requests.length * 1_000;
  const ran = await network.run(host, process.execPath, [program, JSON.stringify(options)], { timeoutMs });
  if (ran.exitCode !== 0) throw new Error(`the speaker failed: ${ran.stderr}`);
  const lines = ran.stdout.split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as SpeakerFinding);
}
