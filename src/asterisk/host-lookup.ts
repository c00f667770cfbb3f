// One host name -> addresses, as pjsip looks a server up: A, AAAA, and where there is no port the SRV records of SIP.
// Answers are a stranger's text until they have been read as addresses.
import { lookup, Resolver } from 'node:dns/promises';
import { type Address, isReserved, parseAddress } from '../model/address.ts';
import { isHostName } from './sip-server.ts';

/** The part of `node:dns/promises` that is used. */
export interface Dns {
  resolve4(host: string): Promise<readonly string[]>;
  resolve6(host: string): Promise<readonly string[]>;
  resolveSrv(name: string): Promise<readonly { readonly name: string }[]>;
  /** As other programs of this host see the name, /etc/hosts included. Slow where DNS is dead. */
  lookup(host: string): Promise<readonly string[]>;
}

export interface HostAnswer {
  readonly addresses: readonly Address[];
  /** Nothing failed on the way, so that nothing of it can be missing. */
  readonly isWhole: boolean;
}

const services = ['_sip._udp', '_sip._tcp', '_sips._tcp'];
const targetLimit = 16;
const addressLimit = 64;

/** Reads the host's resolv.conf when it is made. */
export function systemDns(): Dns {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  return {
    resolve4: (host) => resolver.resolve4(host),
    resolve6: (host) => resolver.resolve6(host),
    resolveSrv: (name) => resolver.resolveSrv(name),
    lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  };
}

/** Never rejects. */
export async function askDns(dns: Dns, host: string, withServices: boolean): Promise<HostAnswer> {
  let isWhole = true;
  const ask = async <Answer>(question: Promise<readonly Answer[]>): Promise<readonly Answer[]> => {
    try {
      return await question;
    } catch (error) {
      if (!isNoSuchName(error)) isWhole = false;
      return [];
    }
  };
  const asked = withServices ? services.map((service) => ask(dns.resolveSrv(`${service}.${host}`))) : [];
  const targets = (await Promise.all(asked)).flat().map(({ name }) => name.replace(/\.$/, ''));
  const hosts = [...new Set([host, ...targets.filter(isHostName)])].slice(0, targetLimit);
  const answers = await Promise.all(
    hosts.flatMap((each) => [ask(dns.resolve4(each)), ask(dns.resolve6(each))]),
  );
  return { addresses: usableAddresses(answers.flat()), isWhole };
}

/** Rejects where the name is not known. */
export async function askHost(dns: Dns, host: string): Promise<readonly Address[]> {
  return usableAddresses(await dns.lookup(host));
}

function usableAddresses(texts: readonly string[]): readonly Address[] {
  const addresses = texts.flatMap((text) => parseAddress(text) ?? []);
  return [...new Set(addresses.filter((address) => !isReserved(address)))].slice(0, addressLimit);
}

function isNoSuchName(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOTFOUND' || code === 'ENODATA';
}
