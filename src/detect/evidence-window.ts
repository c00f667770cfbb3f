// The evidence against one source in a sliding window of event time, joined over the sensors: the count is the sum
// over transports of the maximum over sensors, so a message that packets and AMI both saw counts once, and the order
// in which the sensors' reports arrive changes nothing.
import type { Detection, Faded, ProofLevel } from '../model/detection.ts';
import { asserted, type Observation, type SensorName, type Transport } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import { createEvidenceDetails } from './evidence-details.ts';

export interface EvidenceWindow {
  add(observation: Observation): void;
  /** The strongest level at which more than `limit` messages lie within one window that holds the newest evidence. */
  exceeds(limit: number): ProofLevel | undefined;
  /** What the evidence makes. `what` was counted, and more than `limit` of it is an attack. */
  detection(found: Found, what: string, limit: number, counted?: Counted): Detection;
  /** What to remember where it cannot stay; undefined where it holds nothing. */
  fade(): Faded | undefined;
}

type Found = Pick<Detection, 'attack' | 'source' | 'proof' | 'time'>;

/** Where something else than messages was counted: how many there were, and which. */
interface Counted {
  readonly count?: number;
  readonly values?: readonly string[];
}

/** Two sensors, and a phone or two between an attacker's messages. */
const attemptsPerMessage = 4;

interface Lane {
  readonly sensor: SensorName;
  readonly transport: Transport;
  readonly isProven: boolean;
  /** Sorted; at most `capacity` of the latest. */
  readonly times: Time[];
  total: number;
}

/**
 * `capacity`: how many messages of one sensor are remembered; one more than the largest limit asked for is enough.
 * `before`: what is left of an earlier window of the source; it counts as asserted, and as spread evenly.
 */
export function createEvidenceWindow(withinMs: number, capacity: number, before?: Faded): EvidenceWindow {
  let lanes: Lane[] = [];
  let faded = before;
  let newest = before?.lastTime ?? Number.NEGATIVE_INFINITY;
  let touched = Number.NEGATIVE_INFINITY;
  let details = createEvidenceDetails(attemptsPerMessage * capacity);

  const laneOf = ({ sensor, transport, proof }: Observation): Lane => {
    const isProven = proof.level === 'proven';
    const found = lanes.find(
      (lane) => lane.sensor === sensor && lane.transport === transport && lane.isProven === isProven,
    );
    if (found) return found;
    const lane: Lane = { sensor, transport, isProven, times: [], total: 0 };
    lanes.push(lane);
    return lane;
  };
  /** No sensor is remembered: the one that sees the source again stands for all that did. */
  const restore = (observation: Observation): void => {
    if (!faded) return;
    const { count, firstTime, lastTime } = faded;
    const lane = laneOf({ ...observation, proof: asserted });
    const kept = Math.min(count, capacity);
    const step = (lastTime - firstTime) / Math.max(1, count - 1);
    for (let index = count - kept; index < count; index += 1) lane.times.push(firstTime + index * step);
    lane.total += count;
    faded = undefined;
  };

  /** Joined count of what `measure` says of each lane: of each transport, that of the sensor that saw the most. */
  const joined = (level: ProofLevel, measure: (lane: Lane) => number): number => {
    let sum = 0;
    for (const transport of new Set(lanes.map((lane) => lane.transport))) {
      const bySensor = new Map<SensorName, number>();
      for (const lane of lanes) {
        if (lane.transport !== transport || (level === 'proven' && !lane.isProven)) continue;
        bySensor.set(lane.sensor, (bySensor.get(lane.sensor) ?? 0) + measure(lane));
      }
      sum += Math.max(0, ...bySensor.values());
    }
    return sum;
  };

  const countAt = (end: Time, level: ProofLevel): number =>
    joined(level, ({ times }) => countUntil(times, end) - countUntil(times, end - withinMs));

  /** The windows that the newest arrival can have filled: those that end at it or, when it came late, after it. */
  const windowEnds = (): Time[] => {
    if (touched >= newest) return [touched];
    const later = lanes.flatMap((lane) =>
      lane.times.filter((time) => time >= touched && time < touched + withinMs),
    );
    return [...new Set(later)];
  };

  const exceedsAt = (level: ProofLevel, limit: number): boolean =>
    joined(level, ({ times }) => times.length) > limit &&
    windowEnds().some((end) => countAt(end, level) > limit);

  return {
    add(observation) {
      if (observation.time - newest > withinMs) {
        lanes = [];
        faded = undefined;
        details = createEvidenceDetails(attemptsPerMessage * capacity);
      }
      restore(observation);
      const lane = laneOf(observation);
      for (let copy = 0; copy < Math.min(observation.messages, capacity); copy += 1)
        insert(lane.times, observation.time);
      lane.times.splice(0, lane.times.length - capacity);
      lane.total += observation.messages;
      touched = observation.time;
      newest = Math.max(newest, touched);
      details.add(observation);
    },
    exceeds(limit) {
      if (exceedsAt('proven', limit)) return 'proven';
      return exceedsAt('asserted', limit) ? 'asserted' : undefined;
    },
    detection(found, what, limit, counted) {
      const count = counted?.count ?? Math.max(...windowEnds().map((end) => countAt(end, 'asserted')));
      const { values } = counted ?? {};
      const sensors: Partial<Record<SensorName, number>> = {};
      for (const lane of lanes) sensors[lane.sensor] = (sensors[lane.sensor] ?? 0) + lane.total;
      return {
        ...found,
        firstTime: details.firstTime(),
        // Since the source was last quiet for a whole window.
        messages: joined('asserted', (lane) => lane.total),
        victims: details.victims(),
        attempts: details.attempts(newest - withinMs),
        evidence: {
          ...details.evidence({ what, count, limit, withinMs }, sensors),
          ...(values && { values }),
        },
      };
    },
    fade() {
      const count = joined('asserted', (lane) => lane.total);
      return count === 0 ? faded : { count, firstTime: details.firstTime(), lastTime: newest };
    },
  };
}

/** How many of the sorted times are not later; most often nearly all of them, or nearly none. */
function countUntil(times: readonly Time[], end: Time): number {
  let count = times.length;
  while (count > 0 && times[count - 1]! > end) count -= 1;
  return count;
}

function insert(times: Time[], time: Time): void {
  let index = times.length;
  while (index > 0 && times[index - 1]! > time) index -= 1;
  times.splice(index, 0, time);
}
