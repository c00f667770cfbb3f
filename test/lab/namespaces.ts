// The lab's network: a switch and its hosts, each in a network namespace of its own. Nothing leaves them.
import { readFile } from 'node:fs/promises';
import {
  type CommandOptions,
  type CommandResult,
  runCommand,
  tryCommand,
} from '../../src/lib/run-command.ts';
import { addresses, type Host, hosts } from './addresses.ts';
import { type LabProcess, startLabProcess } from './lab-process.ts';
import { removeNamespace, removeStaleLabs } from './stale-labs.ts';

export interface Network {
  namespaceOf(host: Host): string;
  /** Runs a command on a host to its end, whatever its exit code. */
  run(host: Host, file: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Starts a program on a host; `close` ends it where nobody did before. */
  start(host: Host, file: string, args: readonly string[]): LabProcess;
  /** A further address of the host's own, in the lab's networks 198.51.100.0/24 and 2001:db8:100::/64. */
  addAddress(host: Host, address: string): Promise<void>;
  /** Lets the host send under another's address. Answers go to the true owner, as on the Internet. */
  borrowAddress(host: Host, address: string): Promise<void>;
  /** Ends every process in the namespaces and removes them. */
  close(): Promise<void>;
}

let made = 0;

export async function createNetwork(): Promise<Network> {
  await removeStaleLabs();
  made += 1;
  const namespaceOf = (name: string) => `swt-lab-${process.pid}-${made}-${name}`;
  const names = [...hosts, 'switch'].map(namespaceOf);
  const started: LabProcess[] = [];
  const inside = (host: string, file: string, args: readonly string[]) => [
    ...['netns', 'exec', namespaceOf(host), file],
    ...args,
  ];
  const close = async () => {
    await Promise.all(started.map((child) => child.stop()));
    await Promise.all(names.map(removeNamespace));
  };
  try {
    for (const name of names) await runCommand('ip', ['netns', 'add', name]);
    await configure(namespaceOf('switch'), [
      'link add br0 type bridge mcast_snooping 0',
      ...hosts.flatMap((host) => [
        `link add ${host} type veth peer name eth0 netns ${namespaceOf(host)}`,
        `link set ${host} master br0 up`,
      ]),
      'link set br0 up',
    ]);
    for (const host of hosts) await configure(namespaceOf(host), hostLines(host));
    await configure(namespaceOf('pbx'), [
      `route add default via ${addresses.gateway.ipv4}`,
      `route add default via ${addresses.gateway.ipv6}`,
      // Whoever asks for a name hears at once that nobody answers, as without a way out.
      ...nameServers(await readFile('/etc/resolv.conf', 'utf8').catch(() => '')).map(
        (server) => `route add unreachable ${server}`,
      ),
    ]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    namespaceOf,
    run: (host, file, args, options) => tryCommand('ip', inside(host, file, args), options),
    start(host, file, args) {
      const child = startLabProcess('ip', inside(host, file, args));
      started.push(child);
      return child;
    },
    addAddress: (host, address) => configure(namespaceOf(host), [addressLine(address, 'eth0')]),
    async borrowAddress(host, address) {
      // The borrower must neither answer ARP for the address nor announce it: the owner goes on as before.
      for (const [key, value] of [
        ['arp_ignore', '1'],
        ['arp_announce', '2'],
      ] as const) {
        const file = `/proc/sys/net/ipv4/conf/all/${key}`;
        await runCommand('ip', inside(host, 'tee', [file]), { input: value });
      }
      await configure(namespaceOf(host), [addressLine(address, 'lo').replace('addr add', 'addr replace')]);
    },
    close,
  };
}

/** From the text of resolv.conf(5). */
function nameServers(text: string): readonly string[] {
  return [...text.matchAll(/^nameserver\s+([\da-fA-F.:]+)\s*$/gm)].map(([, server]) => server ?? '');
}

function hostLines(host: Host): readonly string[] {
  const { ipv4, ipv6 } = addresses[host];
  return ['link set lo up', addressLine(ipv4, 'eth0'), addressLine(ipv6, 'eth0'), 'link set eth0 up'];
}

function addressLine(address: string, device: 'eth0' | 'lo'): string {
  const [onLink, single] = address.includes(':') ? [64, 128] : [24, 32];
  return `addr add ${address}/${device === 'lo' ? single : onLink} dev ${device} nodad`;
}

async function configure(namespace: string, lines: readonly string[]): Promise<void> {
  await runCommand('ip', ['-n', namespace, '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
