// What tests with a real kernel, PBX or attack tool need of this machine, and how to get it.
import { spawnSync } from 'node:child_process';

/** Each with what to do where it is missing. */
const cures = {
  root: 'run as root, from a folder that every user may read: sudo npm test',
  namespaces: 'needs a kernel with network namespaces, and iproute2',
  firewall: 'needs a kernel with ipset and iptables, and both programs',
  asterisk: 'run scripts/asterisk-root; it says what it lacks',
  'asterisk-16': 'run scripts/asterisk-root 16; it says what it lacks',
  sipvicious: 'apt-get install sipvicious',
  sipp: 'apt-get install sip-tester',
  tcpdump: 'apt-get install tcpdump',
  tftp: 'apt-get install tftp-hpa dnsmasq-base',
  openssh: 'apt-get install openssh-client, and run scripts/openssh-root; it says what it lacks',
} as const;

export type Prerequisite = keyof typeof cures;

const checks: Record<Prerequisite, () => boolean> = {
  root: () =>
    process.getuid?.() === 0 &&
    succeeds('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'ls', 'src', process.execPath),
  namespaces: () => succeeds('unshare', '-n', 'ip', 'link', 'set', 'lo', 'up'),
  firewall: () =>
    succeeds('unshare', '-n', 'sh', '-c', 'ipset list -n && iptables -t raw -S && ip6tables -t raw -S'),
  asterisk: () => succeeds('scripts/asterisk-root'),
  'asterisk-16': () => succeeds('scripts/asterisk-root', '16'),
  sipvicious: () => succeeds('which', 'svcrack', 'svmap', 'svwar'),
  sipp: () => succeeds('which', 'sipp'),
  tcpdump: () => succeeds('which', 'tcpdump'),
  tftp: () => succeeds('which', 'tftp', 'dnsmasq'),
  openssh: () => succeeds('which', 'ssh', 'ssh-keygen') && succeeds('scripts/openssh-root'),
};

export const prerequisites = Object.keys(cures) as Prerequisite[];

/** What of `needed` this machine lacks, each with its cure. */
export function missingPrerequisites(needed: readonly Prerequisite[]): readonly string[] {
  return needed.filter((name) => !checks[name]()).map((name) => `${name} (${cures[name]})`);
}

function succeeds(file: string, ...args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore', cwd: `${import.meta.dirname}/..` }).status === 0;
}
