// The stage of the live benchmarks: a PBX's namespace with our real rules, one outside it that sends, and a cable.
// The only thing that differs from production are the rates up to which packets are logged: here all are.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setLines } from '../../src/enforce/ipset-sets.ts';
import { chainLines, jumpRules } from '../../src/enforce/iptables-rules.ts';
import { kernelSet } from '../../src/enforce/kernel-sets.ts';
import { captureLimit } from '../../src/enforce/rule-settings.ts';
import { type Namespace, openNamespace } from '../enforce/namespace.ts';
import { testRules } from '../enforce/test-rules.ts';
import type { Load } from './live-capture.ts';
import { onFirst } from './processors.ts';
import { sources, writeTraffic } from './traffic-file.ts';

export interface Wire {
  /** Where the rules stand. */
  readonly pbx: Namespace;
  /** Sends evenly, from a processor of its own; rejects with SentTooSlowly where that was not so. */
  send(load: Load): Promise<void>;
  /** Sends as fast as it can, all that comes of it included: the kernel takes each packet in before the next. Milliseconds. */
  sendAtOnce(packets: number): Promise<number>;
  /** Puts every source into the kernel's set of the banned. */
  banSources(): Promise<void>;
}

export const nflogGroup = 5_060;
const pbxAddress = '192.0.2.254';
/** As many as the file holds; sending more begins anew. */
const packetsInFile = 20_000;
const leastShareOfRate = 0.95;

/** The machine had no time to send as fast as was asked: what was measured says nothing. */
export class SentTooSlowly extends Error {}

/** Makes it, lends it and removes it, whatever happens. */
export async function onWire<Answer>(
  work: (wire: Wire) => Promise<Answer>,
  senders = sources,
): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), 'swt-bench-'));
  const opened: Namespace[] = [];
  try {
    const [pbx, outside] = [await openNamespace(), await openNamespace()];
    opened.push(pbx, outside);
    await connect(pbx, outside);
    await installRules(pbx);
    const file = join(folder, 'traffic.pcap');
    const macAddress = (await pbx.run('cat', ['/sys/class/net/veth0/address'])).trim();
    await writeTraffic(file, packetsInFile, { macAddress, address: pbxAddress }, senders);
    return await work({
      pbx,
      send: (load) => sendEvenly(outside, file, load),
      sendAtOnce: (packets) => sendAtOnce(outside, file, packets),
      async banSources() {
        const lines = senders.map((source) => `add ${kernelSet('ban', 4)} ${source}`);
        await pbx.run('ipset', ['restore'], `${lines.join('\n')}\n`);
      },
    });
  } finally {
    for (const namespace of opened) await namespace.remove();
    await rm(folder, { recursive: true });
  }
}

async function connect(pbx: Namespace, outside: Namespace): Promise<void> {
  const peer = ['peer', 'name', 'veth0', 'netns', outside.name];
  await pbx.run('ip', ['link', 'add', 'veth0', 'type', 'veth', ...peer]);
  await pbx.run('ip', ['address', 'add', `${pbxAddress}/24`, 'dev', 'veth0']);
  for (const namespace of [pbx, outside]) await namespace.run('ip', ['link', 'set', 'veth0', 'up']);
}

async function installRules(pbx: Namespace): Promise<void> {
  const settings = testRules({ nflogGroup, logLimitPerSecond: 10_000 });
  await pbx.run('ipset', ['restore'], `${setLines(settings, [4]).join('\n')}\n`);
  const chains = chainLines(4, settings).map(raiseLimit);
  await pbx.run(
    'iptables-restore',
    [],
    `${['*raw', ...chains, ...jumpRules(settings), 'COMMIT'].join('\n')}\n`,
  );
}

/** Of everybody together; that of one source is an option. */
function raiseLimit(rule: string): string {
  return rule.replace(
    `--hashlimit-upto ${captureLimit.perSecond}/sec --hashlimit-burst ${captureLimit.burst}`,
    '--hashlimit-upto 1000000/sec --hashlimit-burst 1000000',
  );
}

async function sendEvenly(outside: Namespace, file: string, { packets, perSecond }: Load): Promise<void> {
  const said = await replay(outside, file, packets, [`--pps=${perSecond}`, '--timer=nano']);
  const sent = Number(/Successful packets:\s+(\d+)/.exec(said)?.[1]);
  const rate = Number(/, ([\d.]+) pps/.exec(said)?.[1]);
  if (sent === packets && rate > perSecond * leastShareOfRate) return;
  throw new SentTooSlowly(`this machine cannot send ${packets} packets at ${perSecond} a second: ${said}`);
}

async function sendAtOnce(outside: Namespace, file: string, packets: number): Promise<number> {
  const said = await replay(outside, file, packets, ['--topspeed']);
  return Number(/sent in ([\d.]+) seconds/.exec(said)?.[1]) * 1_000;
}

function replay(outside: Namespace, file: string, packets: number, pace: readonly string[]): Promise<string> {
  const bounds = [`--loop=${Math.ceil(packets / packetsInFile)}`, `--limit=${packets}`];
  const [pin = '', ...pinned] = onFirst;
  const options = [...bounds, ...pace, '--preload-pcap', '--no-flow-stats'];
  return outside.run(pin, [...pinned, 'tcpreplay', ...options, '-i', 'veth0', file]);
}
