// Clients of the lab that write of themselves what is not true, each in one request.
import { join } from 'node:path';
import { addresses, type Host } from './addresses.ts';
import { extensions } from './asterisk-config.ts';
import type { Network } from './namespaces.ts';
import type { SingleRequestFinding, SingleRequestOptions } from './programs/single-request.ts';
import { randomToken, type SipRequest } from './sip-message.ts';

const server = addresses.pbx.ipv4;

export interface PoisonedRegistration {
  readonly account: keyof typeof extensions;
  readonly contact: string;
  /** What the Via says. */
  readonly at: string;
  readonly callId?: string;
}

/** A registration with the right password whose Contact and Via name others. Resolves with the final status. */
export function registerPoisoned(
  network: Network,
  { account, contact, at, callId = randomToken() }: PoisonedRegistration,
): Promise<number> {
  const self = `<sip:${account}@${server}>`;
  const headers = [`Contact: ${contact}`, 'Expires: 120'];
  const request = { uri: `sip:${server}`, from: `${self};tag=${randomToken()}`, to: self, callId, headers };
  return send(network, 'attacker', at, { ...request, method: 'REGISTER', sequence: 1 }, account);
}

/** A call without credentials, under a name of the caller's choice. It is never hung up. */
export function callAs(network: Network, caller: string): Promise<number> {
  const uri = `sip:600@${server}`;
  const local = addresses.attacker.ipv4;
  const [from, callId] = [`<sip:${caller}@${local}>;tag=${randomToken()}`, randomToken()];
  const at = `IN IP4 ${local}`;
  const body = `v=0\r\no=- 1 1 ${at}\r\ns=-\r\nc=${at}\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\n`;
  const headers = [`Contact: <sip:caller@${local}>`, 'Content-Type: application/sdp'];
  const invite = { method: 'INVITE', uri, from, to: `<${uri}>`, callId, sequence: 1, headers, body };
  return send(network, 'attacker', local, invite);
}

/** A REGISTER without credentials, under a name of the caller's choice. */
export function probeAs(network: Network, caller: string): Promise<number> {
  return probeWith(network, { account: caller, at: addresses.attacker.ipv4 });
}

export interface Probe {
  readonly account: string;
  /** What the Via says. */
  readonly at: string;
  readonly contact?: string;
  readonly isAuthenticated?: boolean;
}

/** A REGISTER that says of itself what its maker likes, with the account's password or without. */
export function probeWith(
  network: Network,
  { account, at, contact, isAuthenticated = false }: Probe,
): Promise<number> {
  const self = `<sip:${account}@${server}>`;
  const request = {
    method: 'REGISTER',
    uri: `sip:${server}`,
    from: `${self};tag=${randomToken()}`,
    to: self,
    callId: randomToken(),
    sequence: 1,
    ...(contact && { headers: [`Contact: ${contact}`] }),
  };
  return send(
    network,
    'attacker',
    at,
    request,
    isAuthenticated && account in extensions ? (account as keyof typeof extensions) : undefined,
  );
}

async function send(
  network: Network,
  host: Host,
  at: string,
  request: SipRequest,
  account?: keyof typeof extensions,
): Promise<number> {
  const options: SingleRequestOptions = {
    protocol: 'UDP',
    server,
    local: addresses[host].ipv4,
    at,
    request,
    ...(account && { credentials: { account, password: extensions[account] } }),
  };
  const program = join(import.meta.dirname, 'programs/single-request.ts');
  const { exitCode, stdout, stderr } = await network.run(host, process.execPath, [
    program,
    JSON.stringify(options),
  ]);
  if (exitCode !== 0) throw new Error(`the request was not sent: ${stderr}`);
  return (JSON.parse(stdout) as SingleRequestFinding).status;
}
