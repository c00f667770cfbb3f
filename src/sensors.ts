// The live sensors that the configuration asks for, one line each; restarted where their own options changed.
import { isDeepStrictEqual } from 'node:util';
import type { CaptureSettings } from './capture/protocol.ts';
import type { Config } from './config.ts';
import type { Logger } from './lib/logger.ts';
import type { Address } from './model/address.ts';
import type { Alarms } from './model/alarm.ts';
import type { Expelled } from './model/expulsion.ts';
import type { Sensor, SensorHealth, SensorOutput } from './model/sensor.ts';
import type { Time } from './model/time.ts';
import { runFolders } from './run-folders.ts';
import { type ActionsUser, createAmiSensor } from './sense/ami.ts';
import { createHepSensor } from './sense/hep.ts';
import { createHostSensor } from './sense/host.ts';
import { createPacketSensor } from './sense/packets.ts';
import { createSidecarLink } from './sense/sidecar-link.ts';
import { createSilenceWatch } from './sense/silence.ts';

export interface SensorsParts {
  readonly controlSocket: string;
  readonly output: SensorOutput;
  /** Who else uses the login that may ask and tell Asterisk. */
  readonly actionsUsers: readonly ActionsUser[];
  readonly alarms: Alarms;
  readonly logger: Logger;
  readonly now: () => Time;
  readonly expelled: Expelled;
  readonly ownAddresses: () => readonly Address[];
}

export interface Sensors {
  configure(config: Config): Promise<void>;
  health(): readonly SensorHealth[];
  /** Somebody is to be put out of the PBX. */
  expel(): void;
  stop(): Promise<void>;
}

export async function startSensors(
  config: Config,
  { output, controlSocket, ownAddresses, actionsUsers, ...parts }: SensorsParts,
): Promise<Sensors> {
  let current = config;
  const folders = runFolders(controlSocket);
  const sidecarLink = createSidecarLink(folders.starterSocket);
  const running = new Map<SensorHealth['name'], Sensor>();
  const silence = createSilenceWatch({
    alarms: parts.alarms,
    ownAddresses,
    amiEvents: () => running.get('ami')?.health().counters.events ?? 0,
    isLive: (name) => running.get(name)?.health().state === 'live',
  });
  const sidecarParts = () => ({
    settings: captureSettingsOf(current),
    sidecarLink,
    directory: folders.capture,
    ...parts,
  });
  const makeHep = () => createHepSensor({ options: current.hep, ...sidecarParts() });
  let hep = makeHep();
  const start = async <Started extends Sensor>(sensor: Started): Promise<Started> => {
    running.set(sensor.name, sensor);
    await sensor.start({
      know: output.know,
      observe(observations) {
        silence.saw(observations);
        output.observe(observations);
        if (sensor.name !== 'hep') hep.witness(observations);
      },
    });
    return sensor;
  };
  const startPackets = () => start(createPacketSensor({ options: current.capture, ...sidecarParts() }));
  const startAmi = () => start(createAmiSensor({ options: current.ami, actionsUsers, ...parts }));
  const startHost = () => start(createHostSensor({ options: current.host, ...parts }));
  let [packets, ami, host] = await Promise.all([startPackets(), startAmi(), startHost(), start(hep)]);
  return {
    async configure(changed) {
      const before = current;
      current = changed;
      if (isDeepStrictEqual(before.capture, changed.capture)) {
        packets.configure(captureSettingsOf(changed));
      } else {
        await packets.stop();
        packets = await startPackets();
      }
      if (!isDeepStrictEqual(before.ami, changed.ami)) {
        await ami.stop();
        ami = await startAmi();
      }
      if (isDeepStrictEqual(before.hep, changed.hep)) {
        hep.configure(captureSettingsOf(changed));
      } else {
        await hep.stop();
        hep = makeHep();
        await start(hep);
      }
      if (!isDeepStrictEqual(before.host, changed.host)) {
        await host.stop();
        host = await startHost();
      }
    },
    expel: () => ami.expel(),
    health: () => [packets, ami, hep, host].map((sensor) => sensor.health()),
    async stop() {
      await Promise.all([packets, ami, hep, host].map((sensor) => sensor.stop()));
      silence.clear();
      sidecarLink.close();
    },
  };
}

/** What the sidecar has to know of the configuration. */
export function captureSettingsOf({ protect, capture, signatures }: Config): CaptureSettings {
  return {
    udpPorts: protect.udp.map(([first, last]) => [first, last]),
    tcpPorts: protect.tcp.map(([first, last]) => [first, last]),
    tftpPorts: protect.tftp.map(([first, last]) => [first, last]),
    signatures: [...signatures],
    answerWithinMs: capture.answer_within,
    nonceLifetimeMs: capture.nonce_lifetime,
  };
}
