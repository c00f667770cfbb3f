// A recording (pcap, pcapng or raw AMI) through the real flow, in event time, with the dry-run enforcer: who would be
// blocked, when and why. Changes nothing on this machine.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createDecoder } from './capture/decoder.ts';
import type { WireMessage } from './capture/packet.ts';
import { createPcapReader } from './capture/pcap-reader.ts';
import { createPortFilter } from './capture/port-filter.ts';
import { createSipObserver } from './capture/sip-observer.ts';
import { readFileAnswer } from './capture/tftp.ts';
import { createTftpObserver } from './capture/tftp-observer.ts';
import type { Config } from './config.ts';
import { type Geoip, startGeoip } from './geoip/geoip.ts';
import type { Address } from './model/address.ts';
import type { Attack } from './model/attack.ts';
import { messageOf, SipwardenError } from './model/error.ts';
import type { GeoDatabase } from './model/geography.ts';
import type { Observation } from './model/observation.ts';
import type { Time } from './model/time.ts';
import { createReplayFlow, type ReplayDecision, type ReplayFlow } from './replay-flow.ts';
import { createAmiRecordingReader } from './sense/ami-recording.ts';
import { captureSettingsOf } from './sensors.ts';

export interface Replay {
  readonly file: string;
  readonly kind: 'packets' | 'ami';
  /** How it was told which packets were ours. */
  readonly direction: string;
  readonly packets: number;
  readonly messages: number;
  readonly discarded: Readonly<Record<string, number>>;
  readonly geoip: readonly GeoDatabase[];
  readonly firstTime?: Time;
  readonly lastTime?: Time;
  readonly attacks: readonly Attack[];
  readonly decisions: readonly ReplayDecision[];
}

export interface ReplayOptions {
  readonly file: string;
  readonly config: Config;
  /** Our own addresses; found in the recording where none is given. */
  readonly locals: readonly Address[];
  readonly onProgress?: (bytes: number, total: number) => void;
}

/** Rejects with REPLAY_UNREADABLE or REPLAY_FORMAT. */
export async function replay(options: ReplayOptions): Promise<Replay> {
  const { total, kind } = await identify(options.file);
  const geoip = await readGeoip(options.config);
  const flow = await createReplayFlow(options.config, options.locals, geoip);
  const report = { file: options.file, kind, geoip: geoip.databases() };
  const onRead = (bytes: number) => options.onProgress?.(bytes, total);
  if (kind === 'ami') {
    const reader = createAmiRecordingReader({ emit: flow.observe, discard: flow.discard });
    await readThrough(options.file, reader, onRead);
    const messages = reader.messages();
    return { ...report, direction: 'as Asterisk reported', packets: 0, messages, ...(await flow.finish()) };
  }
  const given = options.locals.length > 0;
  const locals = new Set(given ? options.locals : await findLocals(options.file, options.config));
  flow.setLocals([...locals]);
  const { packets, messages } = await replayPackets(options, locals, flow, onRead);
  const named = [...locals].join(', ') || 'nobody (no answers to requests on the protected ports)';
  const direction = `${given ? 'ours, as given' : 'ours, since it answers on the protected ports'}: ${named}`;
  return { ...report, direction, packets, messages, ...(await flow.finish()) };
}

/** As the files are now, and however old they are: what a replay says does not depend on the day. */
async function readGeoip({ geoip: options }: Config): Promise<Geoip> {
  const alarms = { raise: () => undefined, clear: () => undefined };
  const geoip = await startGeoip({ options, alarms, now: () => 0 });
  geoip.stop();
  return geoip;
}

async function replayPackets(
  { file, config }: ReplayOptions,
  locals: ReadonlySet<Address>,
  flow: ReplayFlow,
  onRead: (bytes: number) => void,
) {
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
  const reader = createCaptureReader(config, {
    onMessage: handTo(observer),
    onForeign: observer.message,
    onTftp: handTo(tftp),
    discard: flow.discard,
    isLocal: (address) => locals.has(address),
  });
  await readThrough(file, reader, onRead);
  observer.end();
  return { packets: reader.packets(), messages };
}

/** Who answers requests on the protected ports: the destination of a request that later answers its sender. */
async function findLocals(file: string, config: Config): Promise<Iterable<Address>> {
  const asked = new Set<string>();
  const found = new Set<Address>();
  const note = ({ source, destination }: WireMessage, isAnswer: boolean) => {
    if (!isAnswer && asked.size < maxPairs) asked.add(`${destination.address} ${source.address}`);
    if (isAnswer && asked.has(`${source.address} ${destination.address}`)) found.add(source.address);
  };
  await readThrough(
    file,
    createCaptureReader(config, {
      onMessage: (message) => note(message, message.bytes.toString('latin1', 0, 8) === 'SIP/2.0 '),
      onTftp: (message) => note(message, readFileAnswer(message.bytes) !== undefined),
      discard: () => undefined,
    }),
    () => undefined,
  );
  return found;
}

const maxPairs = 100_000;

function createCaptureReader(
  config: Config,
  parts: {
    readonly onMessage: (message: WireMessage) => void;
    readonly onForeign?: (message: WireMessage) => void;
    readonly onTftp?: (message: WireMessage) => void;
    readonly discard: (reason: string) => void;
    readonly isLocal?: (address: Address) => boolean;
  },
) {
  const ports = createPortFilter(captureSettingsOf(config));
  let packets = 0;
  const decoder = createDecoder({ isProtected: ports.includes, ...parts });
  const reader = createPcapReader({
    onPacket(packet) {
      packets += 1;
      decoder.packet(packet);
    },
    onDiscard: parts.discard,
  });
  return { ...reader, packets: () => packets };
}

interface ChunkReader {
  push(chunk: Buffer): void;
  end(): void;
}

async function readThrough(
  file: string,
  reader: ChunkReader,
  onRead: (bytes: number) => void,
): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
      reader.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      onRead(bytes);
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  reader.end();
}

const captureMagics = ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '0a0d0d0a'];

async function identify(file: string): Promise<{ total: number; kind: Replay['kind'] }> {
  const handle = await open(file, 'r').catch((error: unknown) => Promise.reject(unreadable(file, error)));
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    if (captureMagics.includes(buffer.toString('hex', 0, 4))) return { total: size, kind: 'packets' };
    if (/^(Asterisk Call Manager|Event: |Response: )/m.test(buffer.toString('latin1', 0, bytesRead))) {
      return { total: size, kind: 'ami' };
    }
    throw new SipwardenError('REPLAY_FORMAT', `${file} is no recording that sipwarden can read`, {
      hint: 'it reads pcap, pcapng and the raw bytes of an AMI connection',
    });
  } catch (error) {
    throw error instanceof SipwardenError ? error : unreadable(file, error);
  } finally {
    await handle.close();
  }
}

function unreadable(file: string, cause: unknown): SipwardenError {
  const hint = 'name an existing file that this user may read';
  return new SipwardenError('REPLAY_UNREADABLE', `cannot read ${file}: ${messageOf(cause)}`, { hint, cause });
}
