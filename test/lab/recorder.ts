// Carries a scenario out in the lab, without sipwarden, and writes what was on the wire and in the manager interface into
// its folder of fixtures/scenarios, with a README that says how it was made.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../src/config.ts';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { firewallSettings } from '../../src/firewall.ts';
import type { Enforcer } from '../../src/model/enforcer.ts';
import { type AmiRecording, startAmiRecording } from './ami-recording.ts';
import type { Network } from './namespaces.ts';
import { type PacketRecording, startPacketRecording } from './packet-recording.ts';
import { movedApart, type Retime, retimeAmi, retimeCapture } from './retiming.ts';
import { makeLabFolder } from './stale-labs.ts';

/** Where its packets are taken: from the wire, or, as the rules in the kernel log them, behind the limits. */
export type Sensor = 'sip' | 'tftp' | 'kernel-log' | 'ami';

interface Described {
  readonly name: string;
  readonly title: string;
  /** What was done, with which program. */
  readonly text: string;
  readonly sensors: readonly Sensor[];
  /** Settings other than the default, as TOML. */
  readonly settings?: string;
}

/** `enforcer`: where the kernel's log is recorded. */
type Act<Done> = (network: Network, enforcer: Enforcer | undefined) => Promise<Done>;

/** One whose exchanges are moved apart: when each began, and how far, in turns. Milliseconds. */
interface MovedApart extends Described {
  readonly stepsMs: readonly number[];
  readonly act: Act<readonly { readonly time: number }[]>;
}

export type Scenario =
  | MovedApart
  | (Described & { readonly stepsMs?: undefined; readonly act: Act<unknown> });

const scenarios = join(import.meta.dirname, '../../fixtures/scenarios');
/** RTP and TFTP may use any port; neither uses SIP's. */
const filters = { sip: 'port 5060', tftp: 'udp and not port 5060' } as const;
const snaplen = 2_048;
/** For the last packets to be captured. Milliseconds. */
const quietMs = 300;

export async function record(network: Network, scenario: Scenario): Promise<void> {
  const { name, sensors, settings } = scenario;
  const folder = await makeLabFolder();
  const file = join(folder, 'input.pcap');
  const wire = sensors.find((sensor) => sensor !== 'ami');
  const enforcer = wire === 'kernel-log' ? await prepareRules(network) : undefined;
  let packets: PacketRecording | undefined;
  let ami: AmiRecording | undefined;
  try {
    if (wire) packets = await startPacketRecording(network, 'pbx', file, { ...sourceOf(wire), snaplen });
    if (sensors.includes('ami')) ami = await startAmiRecording(network);
    const retime = await carryOut(scenario, network, enforcer);
    await new Promise((resolve) => setTimeout(resolve, quietMs));
    const target = join(scenarios, name);
    await mkdir(target, { recursive: true });
    await packets?.stop();
    if (packets) await writeFile(join(target, 'input.pcap'), retimeCapture(await readFile(file), retime));
    if (ami) await writeFile(join(target, 'input.ami'), retimeAmi(await ami.stop(), retime));
    if (settings) await writeFile(join(target, 'sipwarden.toml'), settings);
    await writeFile(join(target, 'README.md'), readme(scenario));
  } finally {
    await enforcer?.teardown();
    await enforcer?.close();
    await rm(folder, { recursive: true });
  }
}

/** Resolves with the time that is to be written. */
async function carryOut(
  scenario: Scenario,
  network: Network,
  enforcer: Enforcer | undefined,
): Promise<Retime> {
  if (scenario.stepsMs) {
    const begun = await scenario.act(network, enforcer);
    return movedApart(
      begun.map(({ time }) => time),
      scenario.stepsMs,
    );
  }
  await scenario.act(network, enforcer);
  return (time) => time;
}

function sourceOf(wire: Exclude<Sensor, 'ami'>) {
  const { nflog_group } = defaults().capture;
  return wire === 'kernel-log' ? { device: `nflog:${nflog_group}` } : { filter: filters[wire] };
}

/** Our rules, with nobody who bans. */
async function prepareRules(network: Network): Promise<Enforcer> {
  const { rules } = firewallSettings(defaults());
  const commandPrefix = ['ip', 'netns', 'exec', network.namespaceOf('pbx')];
  const enforcer = createIpsetEnforcer({ rules, now: Date.now, commandPrefix });
  await enforcer.prepare();
  return enforcer;
}

function defaults() {
  return loadConfig({ path: join(import.meta.dirname, '../../docs/sipwarden.toml') }).config;
}

function readme({ name, title, text, sensors, stepsMs }: Scenario): string {
  const places = {
    sip: "tcpdump on the PBX's interface",
    tftp: "tcpdump on the PBX's interface",
    'kernel-log': "tcpdump on what sipwarden's rules log (NFLOG)",
    ami: 'a listener at the manager interface (`read = security`)',
  };
  const steps = stepsMs?.map((ms) => `${ms / 1_000} s`).join(', ');
  const moved = steps
    ? `\n\nIts exchanges were made quickly and moved apart afterwards: each begins so long after the one before: ${steps}${stepsMs?.length === 1 ? '' : ', in turns'}. Nothing but the time of packets and events was changed.`
    : '';
  const how = sensors.map((sensor) => places[sensor]).join(' and ');
  const made = `Recorded in the lab with ${how}, Asterisk 22.10.1 without the daemon: \`node test/lab/record.ts ${name}\`.`;
  return `# ${title}\n\n${wrapped(`${text}${moved}`)}\n\n${wrapped(made)}\n`;
}

const width = 120;

function wrapped(text: string): string {
  const paragraphs = text.split('\n\n').map((paragraph) => {
    const lines: string[] = [];
    for (const word of paragraph.split(/\s+/)) {
      const last = lines.at(-1);
      if (last === undefined || last.length + word.length >= width) lines.push(word);
      else lines[lines.length - 1] = `${last} ${word}`;
    }
    return lines.join('\n');
  });
  return paragraphs.join('\n\n');
}
