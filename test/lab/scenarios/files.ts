// Scenarios of provisioning files: too many requests, and names that are guessed.
import { addresses } from '../addresses.ts';
import type { Network } from '../namespaces.ts';
import type { Scenario } from '../recorder.ts';
import { askForFiles, startTftpServer } from '../tftp.ts';

async function withServer(network: Network, act: () => Promise<void>): Promise<void> {
  const server = await startTftpServer(network);
  try {
    await act();
  } finally {
    await server.stop();
  }
}

/** Files that the server has: `phone0.cfg` to `phone99.cfg`. */
const phoneFile = (index: number) => `phone${index % 100}.cfg`;
const missing = (count: number) =>
  Array.from({ length: count }, (_, index) => `0004130000${String(index).padStart(2, '0')}.cfg`);
const files = (count: number) => Array.from({ length: count }, (_, index) => phoneFile(index));
const client = "`tftp -m binary`, `get NAME`; tftp-hpa, and dnsmasq's TFTP server";

const powerCut = `Three hundred phones behind one address fetch their settings, as fast as they come; each asks first for a file that nobody made, as Cisco's do (${client}).`;
const filesOfPhones = (count: number) =>
  Array.from({ length: count }, (_, index) => [
    `CTLSEP0004130${String(index).padStart(5, '0')}.tlv`,
    phoneFile(index),
  ]).flat();

export const fileScenarios: readonly Scenario[] = [
  {
    name: 'provisioning-leak-5',
    title: 'As many guesses before a hit as are forgiven',
    text: `One client asks for five files that are not there, as many as \`missing_count\` forgives, and then for one that is (${client}).`,
    sensors: ['tftp'],
    act: (network) =>
      withServer(network, () => askForFiles(network, 'attacker', [...missing(5), 'phone7.cfg'])),
  },
  {
    name: 'provisioning-leak-phone',
    title: 'A phone that asks for optional files',
    text: `A phone is given its settings, asks for seven files that nobody made, and is given its directory (${client}).`,
    sensors: ['tftp'],
    act: (network) =>
      withServer(network, () => askForFiles(network, 'phone', ['phone7.cfg', ...missing(7), 'phone8.cfg'])),
  },
  {
    name: 'tftp-bruteforce-130',
    title: 'More requests for files than phones need',
    text: `A stranger asks for 130 files that are there, as fast as they come (${client}). The kernel lets 90 at once pass and 100 a minute; it logs the one that is too many under a prefix of its own, and slows whoever sent it.`,
    sensors: ['kernel-log'],
    act: (network) => withServer(network, () => askUntilSlowed(network, 130)),
  },
  {
    name: 'tftp-bruteforce-90',
    title: 'As many requests for files as are let pass',
    text: 'Ninety requests, as many at once as `tftp_per_minute` lets pass. Otherwise as `tftp-bruteforce-130`.',
    sensors: ['kernel-log'],
    act: (network) => withServer(network, () => askForFiles(network, 'attacker', files(90))),
  },
  {
    name: 'tftp-bruteforce-power-cut',
    title: 'Three hundred phones after a power cut, behind the limits',
    text: `${powerCut} Their address is in the set of the shielded, as the daemon would have put it there: no request is one too many. The kernel logs no more than 50 a second of them.`,
    sensors: ['kernel-log'],
    async act(network, enforcer) {
      await enforcer?.add({ set: 'shield', target: addresses.phone.ipv4 });
      await withServer(network, () => askForFiles(network, 'phone', filesOfPhones(300)));
    },
  },
  {
    name: 'tftp-enumeration-power-cut',
    title: 'Three hundred phones after a power cut',
    text: powerCut,
    sensors: ['tftp'],
    act: (network) => withServer(network, () => askForFiles(network, 'phone', filesOfPhones(300))),
  },
  {
    name: 'canary-file',
    title: 'Somebody asks for a file that exists for nobody honest',
    text: `One request for the canary, under a folder and in capitals (${client}).`,
    sensors: ['tftp'],
    settings: '[detect.canary]\nfiles = ["000000000000.cfg"]\n',
    act: (network) => withServer(network, () => askForFiles(network, 'attacker', ['cfg/000000000000.CFG'])),
  },
  {
    name: 'canary-file-neighbour',
    title: "A file whose name is nearly the canary's",
    text: `A phone asks for a file that differs from the canary in one digit (${client}).`,
    sensors: ['tftp'],
    settings: '[detect.canary]\nfiles = ["000000000000.cfg"]\n',
    act: (network) => withServer(network, () => askForFiles(network, 'phone', ['000000000001.cfg'])),
  },
];

/** A client that is slowed waits for each answer: it is not waited for. Ten seconds are enough for all. */
async function askUntilSlowed(network: Network, count: number): Promise<void> {
  const input = `${files(count)
    .map((file) => `get ${file} /dev/null`)
    .join('\n')}\nquit\n`;
  const args = ['--kill-after=2', '10', 'tftp', '-m', 'binary', addresses.pbx.ipv4];
  await network.run('attacker', 'timeout', args, { input, timeoutMs: 20_000 });
}
