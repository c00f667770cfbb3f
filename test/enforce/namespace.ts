// A network namespace of the test's own, with what the kernel holds in it read by other means than the enforcer's.
import { runCommand, tryCommand } from '../../src/lib/run-command.ts';
import type { Place } from '../../src/model/enforcer.ts';

export interface Namespace {
  readonly name: string;
  readonly prefix: readonly string[];
  run(file: string, args: readonly string[], input?: string): Promise<string>;
  /** Rules and chains of others and ours, in the order in which they act; counters and empty base chains left out. */
  rules(): Promise<readonly string[]>;
  /** Members of our sets, as `ipset list` prints them. */
  members(): Promise<readonly KernelMember[]>;
  /** Members of the sets in our table, as `nft list table` prints them. */
  nftMembers(): Promise<readonly KernelMember[]>;
  setNames(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

export interface KernelMember {
  readonly set: string;
  readonly target: string;
  readonly port?: Place['port'];
  /** 0: for good. */
  readonly seconds: number;
}

let made = 0;

/** Why tests with a real firewall cannot run here, or undefined. */
export async function missingForNamespaces(
  programs: readonly string[] = ['iptables', 'ipset'],
): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'needs root';
  for (const program of ['ip', ...programs]) {
    const found = await tryCommand('which', [program]).catch(() => undefined);
    if (found?.exitCode !== 0) return `needs the program ${program}`;
  }
  const namespace = await openNamespace().catch(() => undefined);
  if (!namespace) return 'needs network namespaces';
  try {
    if (programs.includes('ipset')) await namespace.run('ipset', ['list', '-n']);
    if (programs.includes('iptables')) await namespace.run('iptables-save', ['-t', 'raw']);
    if (programs.includes('nft')) await namespace.run('nft', ['list', 'tables']);
    return undefined;
  } catch (error) {
    return `needs a kernel with ${programs.join(' and ')} (${error})`;
  } finally {
    await namespace.remove();
  }
}

export async function openNamespace(): Promise<Namespace> {
  made += 1;
  const name = `swt-enforce-${process.pid}-${made}`;
  await runCommand('ip', ['netns', 'add', name]);
  const prefix = ['ip', 'netns', 'exec', name];
  const run = async (file: string, args: readonly string[], input?: string) => {
    const options = input === undefined ? {} : { input };
    return (await runCommand('ip', ['netns', 'exec', name, file, ...args], options)).stdout;
  };
  return {
    name,
    prefix,
    run,
    async rules() {
      const texts = [await run('iptables-save', []), await run('ip6tables-save', [])];
      return texts.flatMap((text) => text.split('\n').filter((line) => /^(-A |:\S+ - )/.test(line)));
    },
    async members() {
      return readListing(await run('ipset', ['list']));
    },
    async nftMembers() {
      return readNftListing(await run('nft', ['-n', 'list', 'table', 'inet', 'sipwarden']));
    },
    async setNames() {
      return (await run('ipset', ['list', '-n'])).split('\n').filter(Boolean);
    },
    async remove() {
      await runCommand('ip', ['netns', 'del', name]);
    },
  };
}

function readListing(listing: string): readonly KernelMember[] {
  return listing.split(/\n\n/).flatMap((block) => {
    const [, set = '', members = ''] = /^Name: sw-(\w+)[46]\n[\s\S]*Members:\n?([\s\S]*)$/.exec(block) ?? [];
    const lines = members.split('\n').filter(Boolean);
    return lines.map((line) => ({ set, ...readMember(line) }));
  });
}

function readMember(line: string): Omit<KernelMember, 'set'> {
  const [, target, protocol, port, seconds = 0] =
    /^([^\s,]+)(?:,(udp|tcp):(\d+))?(?: timeout (\d+))?(?: packets \d+ bytes \d+)?$/.exec(line) ?? [];
  if (target === undefined) throw new Error(`not understood: ${line}`);
  const named = { protocol: protocol as 'udp' | 'tcp', port: Number(port) };
  return { target, ...(protocol && { port: named }), seconds: Number(seconds) };
}

function readNftListing(listing: string): readonly KernelMember[] {
  const sets = listing.matchAll(/^\tset ([a-z]+)[46]_(\d+) \{[^}]*?elements = \{ ([^}]*) \}/gm);
  return [...sets].flatMap(([, set = '', length = '', elements = '']) =>
    elements.split(',').map((element) => ({ set, ...readNftElement(element.trim(), length) })),
  );
}

function readNftElement(element: string, length: string): Omit<KernelMember, 'set'> {
  const [, address, number, port, left = '0s'] =
    /^(\S+)(?: \. (\d+) \. (\d+))?(?: counter packets \d+ bytes \d+)?(?: timeout \S+ expires (\S+))?$/.exec(
      element,
    ) ?? [];
  if (address === undefined) throw new Error(`not understood: ${element}`);
  const named = { protocol: number === '6' ? ('tcp' as const) : ('udp' as const), port: Number(port) };
  const isHost = length === (address.includes(':') ? '128' : '32');
  return {
    target: isHost ? address : `${address}/${length}`,
    ...(number && { port: named }),
    seconds: secondsOf(left),
  };
}

/** Of a text such as `24d20h31m23s992ms`, rounded up. */
function secondsOf(text: string): number {
  const units = { d: 86_400, h: 3_600, m: 60, s: 1, ms: 0.001 } as const;
  const parts = [...text.matchAll(/(\d+)(ms|[dhms])/g)];
  return Math.ceil(
    parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units], 0),
  );
}
