// Two sensors see the same logins. Where one goes on seeing them and the other sees nothing any more it is blind, and
// says so by nothing else: a sensor that has ended raises its own alarm.
import { type Address, isReserved } from '../model/address.ts';
import type { Alarms } from '../model/alarm.ts';
import type { Observation } from '../model/observation.ts';
import type { Time } from '../model/time.ts';

export interface SilenceWatch {
  saw(observations: readonly Observation[]): void;
  clear(): void;
}

type Watched = 'ami' | 'packets';

export interface SilenceWatchParts {
  readonly alarms: Alarms;
  readonly ownAddresses: () => readonly Address[];
  /** Events that Asterisk wrote so far, of whatever kind. */
  readonly amiEvents: () => number;
  readonly isLive: (sensor: Watched) => boolean;
}

interface Missed {
  readonly since: Time;
  /** What it had heard by then. */
  readonly heard: number;
  readonly count: number;
}

const mostMissed = 10;
/** An event may come late by less than this. Milliseconds. */
const patienceMs = 10_000;

const alarmsOf = {
  ami: {
    code: 'AMI_SILENT',
    what: 'Asterisk tells nothing, while packets show logins',
    hint:
      'do host and port of [ami] lead to the PBX that answers there, and does its events user have read = security and no ' +
      'eventfilter against it? "sipwarden setup" writes that user; then: asterisk -rx "manager reload"',
  },
  packets: {
    code: 'CAPTURE_SILENT',
    what: 'no packet is seen, while Asterisk tells of logins',
    hint:
      'does [protect] list every port of asterisk -rx "pjsip show transports", and does [capture] read where the phones ' +
      "come in? Attacks are judged by Asterisk's events alone meanwhile",
  },
} as const;

export function createSilenceWatch(parts: SilenceWatchParts): SilenceWatch {
  const { alarms, ownAddresses, amiEvents, isLive } = parts;
  const missed = new Map<Watched, Missed>();
  const raised = new Set<Watched>();
  let packetsSeen = 0;
  const heardOf = { ami: amiEvents, packets: () => packetsSeen };

  const endSilence = (sensor: Watched): void => {
    missed.delete(sensor);
    if (raised.delete(sensor)) alarms.clear(alarmsOf[sensor].code);
  };
  const endIfHeard = (sensor: Watched): void => {
    if (missed.has(sensor) && missed.get(sensor)?.heard !== heardOf[sensor]()) endSilence(sensor);
  };
  const miss = (sensor: Watched, { time, transport, local }: Observation): void => {
    endIfHeard(sensor);
    const known = missed.get(sensor);
    if (!known) missed.set(sensor, { since: time, heard: heardOf[sensor](), count: 1 });
    // Those of guests, and of a PBX on another machine, are seen by one sensor alone.
    if (!known || !ownAddresses().includes(local.address)) return;
    const count = known.count + 1;
    missed.set(sensor, { ...known, count });
    if (count < mostMissed || time - known.since < patienceMs || !isLive(sensor)) return;
    const { code, what, hint } = alarmsOf[sensor];
    raised.add(sensor);
    alarms.raise(code, `${what}: the last ${count}, now at ${transport} port ${local.port}`, hint);
  };
  return {
    saw(observations) {
      for (const observation of observations) {
        if (observation.sensor === 'packets') packetsSeen += 1;
        const other = otherWhoSees(observation);
        if (other) miss(other, observation);
      }
      endIfHeard('packets');
      endIfHeard('ami');
    },
    clear() {
      endSilence('ami');
      endSilence('packets');
    },
  };
}

/** Who cannot but see this too. Only what cannot be forged: nobody may make us call a sensor blind. */
function otherWhoSees({ kind, sensor, proof, transport, source }: Observation): Watched | undefined {
  if (kind !== 'authentication-failed' && kind !== 'authentication-succeeded') return undefined;
  if (sensor === 'packets') return proof.level === 'proven' ? 'ami' : undefined;
  const isInClear = transport === 'udp' || transport === 'tcp';
  return sensor === 'ami' && isInClear && !isReserved(source.address) ? 'packets' : undefined;
}
