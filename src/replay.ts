// A recording (pcap, pcapng, HEP or raw AMI; several files of one time are one recording) through the real flow, in event time,
// with the dry-run enforcer: who would be blocked, when and why. Changes nothing on this machine.
import { createDecoder, type DecoderOptions } from './capture/decoder.ts';
import { observationOf } from './capture/excess.ts';
import { createHepDecoder } from './capture/hep-decoder.ts';
import { createHepRecordingReader } from './capture/hep-recording.ts';
import type { CapturedPacket, WireMessage } from './capture/packet.ts';
import { createPcapReader } from './capture/pcap-reader.ts';
import { createPortFilter } from './capture/port-filter.ts';
import { createSipObserver } from './capture/sip-observer.ts';
import { readFileAnswer } from './capture/tftp.ts';
import { createTftpObserver } from './capture/tftp-observer.ts';
import type { Config } from './config.ts';
import { type Geoip, startGeoip } from './geoip/geoip.ts';
import type { Address } from './model/address.ts';
import type { Attack } from './model/attack.ts';
import type { GeoDatabase } from './model/geography.ts';
import type { Observation } from './model/observation.ts';
import type { Time } from './model/time.ts';
import { identify, playInOrder, type Recorded, readRecording } from './recording.ts';
import { createReplayFlow, type ReplayDecision, type ReplayFlow, type SeenCounts } from './replay-flow.ts';
import { type AmiRecordingReader, createAmiRecordingReader } from './sense/ami-recording.ts';
import { hepListenerOf } from './sense/hep-options.ts';
import { captureSettingsOf } from './sensors.ts';

export interface Replay {
  readonly files: readonly string[];
  /** How it was told which packets were ours. */
  readonly direction: string;
  readonly packets: number;
  /** SIP and TFTP messages, and those of the AMI. */
  readonly messages: number;
  readonly discarded: Readonly<Record<string, number>>;
  /** What each sensor made of them. */
  readonly seen: SeenCounts;
  readonly geoip: readonly GeoDatabase[];
  readonly firstTime?: Time;
  readonly lastTime?: Time;
  readonly attacks: readonly Attack[];
  readonly decisions: readonly ReplayDecision[];
}

export interface ReplayOptions {
  /** At least one. */
  readonly files: readonly string[];
  readonly config: Config;
  /** Our own addresses; found in the recording where none is given. */
  readonly locals: readonly Address[];
  readonly onProgress?: (bytes: number, total: number) => void;
}

/** Rejects with REPLAY_UNREADABLE or REPLAY_FORMAT. */
export async function replay({ config, onProgress, ...options }: ReplayOptions): Promise<Replay> {
  const files = await Promise.all(options.files.map(identify));
  const captures = files.filter(({ kind }) => kind === 'packets').map(({ file }) => file);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let bytes = 0;
  const onRead = (more: number) => {
    bytes += more;
    onProgress?.(bytes, total);
  };
  const isGiven = options.locals.length > 0;
  const locals = new Set(isGiven ? options.locals : await findLocals(captures, config));
  const geoip = await readGeoip(config);
  const flow = await createReplayFlow(config, [...locals], geoip);
  const packets = createPacketPlayer(config, locals, flow);
  const hep = createHepPlayer(config, locals, flow);
  const players = { packets, hep, ami: createAmiPlayer(flow) };
  await playInOrder(
    files.map(({ file, kind }) => {
      const { reader, found } = players[kind].open();
      return readRecording(file, reader, found, onRead);
    }),
  );
  packets.end();
  hep.end();
  return {
    files: options.files,
    geoip: geoip.databases(),
    direction: captures.length === 0 ? 'as Asterisk reported' : describeDirection(isGiven, locals),
    packets: packets.packets(),
    messages: Object.values(players).reduce((sum, player) => sum + player.messages(), 0),
    ...(await flow.finish()),
  };
}

/** As the files are now, and however old they are: what a replay says does not depend on the day. */
async function readGeoip({ geoip: options }: Config): Promise<Geoip> {
  const alarms = { raise: () => undefined, clear: () => undefined };
  const geoip = await startGeoip({ options, alarms, now: () => 0 });
  geoip.stop();
  return geoip;
}

function describeDirection(isGiven: boolean, locals: ReadonlySet<Address>): string {
  const named = [...locals].join(', ') || 'nobody (no answers to requests on the protected ports)';
  return `${isGiven ? 'ours, as given' : 'ours, since it answers on the protected ports'}: ${named}`;
}

function createPacketPlayer(config: Config, locals: ReadonlySet<Address>, flow: ReplayFlow) {
  let messages = 0;
  const output = {
    emit: (observation: Observation) => flow.observe([observation]),
    count: flow.discard,
  };
  const observer = createSipObserver(captureSettingsOf(config), output);
  const tftp = createTftpObserver(output);
  const handTo = (listener: Pick<typeof tftp, 'message'>) => (message: WireMessage) => {
    messages += 1;
    flow.heard(message);
    listener.message(message);
  };
  // The packets of several captures are one traffic.
  const decoder = createCaptureDecoder(config, {
    onMessage: handTo(observer),
    onForeign: observer.message,
    onTftp: handTo(tftp),
    onExcess: (excess) => flow.observe([observationOf(excess)]),
    discard: flow.discard,
    isLocal: (address) => locals.has(address),
  });
  return {
    open() {
      const { found, add } = createFindings();
      const onPacket = ({ time, linkType, originalLength, data: view }: CapturedPacket) => {
        // The reader's view ends with its call.
        const packet = { time, linkType, originalLength, data: Buffer.from(view) };
        add({ time, play: () => decoder.packet(packet) });
      };
      return { reader: createPcapReader({ onPacket, onDiscard: flow.discard }), found };
    },
    end: () => observer.end(),
    packets: () => decoder.counters.packets,
    messages: () => messages,
  };
}

/** A recording is believed, as a capture is. */
function createHepPlayer(config: Config, locals: ReadonlySet<Address>, flow: ReplayFlow) {
  let messages = 0;
  const settings = captureSettingsOf(config);
  const observer = createSipObserver(settings, {
    emit: (observation) => flow.observe([observation]),
    count: flow.discard,
    seenBy: 'hep',
  });
  return {
    open() {
      const { found, add } = createFindings();
      const decoder = createHepDecoder(settings, hepListenerOf(config.hep, undefined), {
        isOwn: (address) => locals.has(address),
        onBehindProxy: () => undefined,
        discard: flow.discard,
        onMessage(message) {
          messages += 1;
          const play = () => {
            flow.heard(message);
            observer.message(message);
          };
          add({ time: message.time, play });
        },
      });
      return {
        reader: createHepRecordingReader({ onDatagram: decoder.datagram, discard: flow.discard }),
        found,
      };
    },
    end: () => observer.end(),
    messages: () => messages,
  };
}

function createAmiPlayer(flow: ReplayFlow) {
  const readers: AmiRecordingReader[] = [];
  return {
    open() {
      const { found, add } = createFindings();
      const reader = createAmiRecordingReader({
        emit: (observations) => {
          for (const each of observations) add({ time: each.time, play: () => flow.observe([each]) });
        },
        discard: flow.discard,
      });
      readers.push(reader);
      return { reader, found };
    },
    messages: () => readers.reduce((sum, reader) => sum + reader.messages(), 0),
  };
}

/** Who answers requests on the protected ports: the destination of a request that later answers its sender. */
async function findLocals(files: readonly string[], config: Config): Promise<Iterable<Address>> {
  const asked = new Set<string>();
  const found = new Set<Address>();
  const note = ({ source, destination }: WireMessage, isAnswer: boolean) => {
    if (!isAnswer && asked.size < maxPairs) asked.add(`${destination.address} ${source.address}`);
    if (isAnswer && asked.has(`${source.address} ${destination.address}`)) found.add(source.address);
  };
  const decoder = createCaptureDecoder(config, {
    onMessage: (message) => note(message, message.bytes.toString('latin1', 0, 8) === 'SIP/2.0 '),
    onTftp: (message) => note(message, readFileAnswer(message.bytes) !== undefined),
    discard: () => undefined,
  });
  for (const file of files) {
    const reader = createPcapReader({ onPacket: decoder.packet, onDiscard: () => undefined });
    await playInOrder([readRecording(file, reader, () => [])]);
  }
  return found;
}

const maxPairs = 100_000;

function createCaptureDecoder(config: Config, parts: Omit<DecoderOptions, 'isProtected'>) {
  const ports = createPortFilter(captureSettingsOf(config));
  return createDecoder({ isProtected: ports.includes, ...parts });
}

function createFindings() {
  let waiting: Recorded[] = [];
  return {
    add: (recorded: Recorded) => void waiting.push(recorded),
    found(): readonly Recorded[] {
      const taken = waiting;
      waiting = [];
      return taken;
    },
  };
}
