// Joins the sensors: an AMI event over UDP proves nothing by itself, so it waits here until a sensor that sees our own
// challenges has judged a failure with that nonce, or a success of that call, from that very address. What the address
// did right proves none of its failures, and what it was refused (403) only where Asterisk says that the password was
// wrong: who is sent our answers by a Via may know what it knows. Messages are never
// paired one by one.
import { createLru } from '../lib/lru.ts';
import type { Observation, Proof } from '../model/observation.ts';
import type { Time } from '../model/time.ts';

/** How long an event waits for a late nonce. Milliseconds. */
const waitMs = 2_000;
const maxHeld = 10_000;
const maxEchoes = 65_536;

export interface Correlator {
  /** Hands on what can be judged now, in order of arrival; the rest is held. */
  accept(observation: Observation): void;
  /** Hands on, as asserted, what has waited long enough at this point in (event) time. */
  advance(time: Time): void;
  /** When `advance` has something to do next. */
  nextDeadline(): Time | undefined;
  /** Hands on everything that is held: the recording is over. */
  end(): void;
  counters(): { held: number; joined: number; unproven: number };
}

export function createCorrelator(handOn: (observation: Observation) => void): Correlator {
  /** Only what is proven comes in here, so a flood of forged requests cannot push it out. */
  const judged = createLru<string, Proof>(maxEchoes);
  /** In order of arrival, hence (nearly) of deadline. */
  const held = new Map<Observation, Time>();
  const heldByKey = new Map<string, Set<Observation>>();
  const counters = { joined: 0, unproven: 0 };

  const hold = (observation: Observation) => {
    held.set(observation, observation.time + waitMs);
    for (const key of keysOf(observation)) {
      heldByKey.set(key, (heldByKey.get(key) ?? new Set()).add(observation));
    }
    const oldest = held.keys().next().value;
    if (held.size > maxHeld && oldest) release(oldest, oldest.proof);
  };

  const release = (observation: Observation, proof: Proof) => {
    held.delete(observation);
    for (const key of keysOf(observation)) {
      const waiting = heldByKey.get(key);
      waiting?.delete(observation);
      if (waiting?.size === 0) heldByKey.delete(key);
    }
    counters[proof.level === 'proven' ? 'joined' : 'unproven'] += 1;
    handOn({ ...observation, proof });
  };

  const judge = (observation: Observation) => {
    const proof = proofIfWrong(observation) ?? observation.proof;
    for (const key of keysOf(observation)) {
      if (proof.level === 'proven') judged.set(key, proof);
      else judged.delete(key);
      for (const waiting of [...(heldByKey.get(key) ?? [])]) release(waiting, proof);
    }
  };

  return {
    counters: () => ({ ...counters, held: held.size }),
    accept(observation) {
      if (observation.sensor !== 'ami') judge(observation);
      if (!canBeJoined(observation)) return handOn(observation);
      const [proof] = keysOf(observation).flatMap((key) => judged.get(key) ?? []);
      if (proof) release(observation, proof);
      else hold(observation);
    },
    advance(time) {
      for (const [observation, deadline] of held) {
        if (deadline > time) break;
        release(observation, observation.proof);
      }
    },
    nextDeadline: () => held.values().next().value,
    end() {
      for (const observation of [...held.keys()]) release(observation, observation.proof);
    },
  };
}

/** Events about UDP that carry what a proof can be looked up by. Packets and HEP have looked theirs up already. */
function canBeJoined(observation: Observation): boolean {
  return (
    observation.sensor === 'ami' && observation.proof.level === 'asserted' && keysOf(observation).length > 0
  );
}

function proofIfWrong(observation: Observation): Proof | undefined {
  return observation.kind === 'authentication-failed' ? observation.proofIfWrong : undefined;
}

function keysOf(observation: Observation): string[] {
  const { kind, source, callId } = observation;
  if (kind === 'authentication-failed' && observation.nonce) {
    const [failed, refused] = ['failed', 'refused'].map(
      (how) => `${source.address} ${how} ${observation.nonce}`,
    );
    if (observation.proofIfWrong) return [refused!];
    return observation.isWrongPassword ? [failed!, refused!] : [failed!];
  }
  return kind === 'authentication-succeeded' && callId ? [`${source.address} succeeded ${callId}`] : [];
}
