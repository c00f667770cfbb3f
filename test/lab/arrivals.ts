// What got past us: SIP and TFTP packets over UDP that reached the PBX's input, counted by the kernel for each address, past
// everything that is ours.
import type { Network } from './namespaces.ts';

const set = 'arrivals';

export interface Arrivals {
  /** Of each of them so far; 0 where none came. */
  of(source: string): Promise<number>;
  all(): Promise<ReadonlyMap<string, number>>;
  /** Counts from 0 again. */
  restart(): Promise<void>;
}

export async function countArrivals(network: Network, sources: readonly string[]): Promise<Arrivals> {
  const pbx = (file: string, args: readonly string[], input = '') =>
    network.run('pbx', file, args, { input });
  const members = sources.map((source) => `add ${set} ${source}\n`).join('');
  await pbx('ipset', ['restore'], `create ${set} hash:ip counters maxelem 4096\n${members}`);
  const rule = `-A INPUT -p udp -m multiport --dports 69,5060 -m set --match-set ${set} src`;
  await pbx('iptables-restore', ['--noflush'], `*mangle\n${rule}\nCOMMIT\n`);
  const all = async () => {
    const { stdout } = await pbx('ipset', ['list', set, '-o', 'save']);
    const lines = stdout.matchAll(/^add \S+ (\S+) packets (\d+)/gm);
    return new Map([...lines].map(([, source = '', packets]) => [source, Number(packets)]));
  };
  return {
    all,
    of: async (source) => (await all()).get(source) ?? 0,
    async restart() {
      await pbx('ipset', ['restore'], `flush ${set}\n${members}`);
    },
  };
}
