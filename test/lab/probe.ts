// One honest REGISTER, and how it is answered: 401 or 200 by whoever is let in, 403 by the ACL.
import { join } from 'node:path';
import { addresses, type Host } from './addresses.ts';
import { extensions } from './asterisk-config.ts';
import type { Network } from './namespaces.ts';
import type { SingleRequestFinding, SingleRequestOptions } from './programs/single-request.ts';
import { bracketed, randomToken } from './sip-message.ts';
import type { Protocol } from './sip-transport.ts';

export interface Probe {
  readonly from?: Host;
  readonly to?: Host;
  readonly family?: 'ipv4' | 'ipv6';
  readonly protocol?: Protocol;
  /** With its password; without one it is challenged at most. */
  readonly account?: keyof typeof extensions;
}

/** The final status; 0: no answer. */
export async function probe(
  network: Network,
  { from = 'attacker', to = 'pbx', family = 'ipv4', protocol = 'UDP', account }: Probe = {},
): Promise<number> {
  const [server, local] = [addresses[to][family], addresses[from][family]];
  const self = `<sip:${account ?? 'probe'}@${bracketed(server)}>`;
  const options: SingleRequestOptions = {
    ...{ protocol, server, local, at: bracketed(local) },
    request: {
      ...{ method: 'REGISTER', uri: `sip:${bracketed(server)}`, to: self, sequence: 1 },
      ...{ from: `${self};tag=${randomToken()}`, callId: randomToken() },
      headers: account ? [`Contact: <sip:${account}@${bracketed(local)}>`, 'Expires: 60'] : [],
    },
    ...(account && { credentials: { account, password: extensions[account] } }),
  };
  const program = join(import.meta.dirname, 'programs/single-request.ts');
  const { exitCode, stdout, stderr } = await network.run(from, process.execPath, [
    program,
    JSON.stringify(options),
  ]);
  if (exitCode !== 0) throw new Error(`the request was not sent: ${stderr}`);
  return (JSON.parse(stdout) as SingleRequestFinding).status;
}
