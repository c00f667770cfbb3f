// Joins the sensors: an AMI event over UDP proves nothing by itself, so it waits here until a sensor that sees our
// own challenges says whether its nonce left to that very address. Messages are never paired one by one.
import { LRUCache } from 'lru-cache';
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
  /** Only proven echoes come in here, so a flood of forged requests cannot push a real one out. */
  const echoes = new LRUCache<string, Proof>({ max: maxEchoes });
  /** In order of arrival, hence (nearly) of deadline. */
  const held = new Map<Observation, Time>();
  const heldByKey = new Map<string, Set<Observation>>();
  const counters = { joined: 0, unproven: 0 };

  const hold = (observation: Observation) => {
    held.set(observation, observation.time + waitMs);
    for (const key of echoKeys(observation)) {
      heldByKey.set(key, (heldByKey.get(key) ?? new Set()).add(observation));
    }
    const oldest = held.keys().next().value;
    if (held.size > maxHeld && oldest) release(oldest, oldest.proof);
  };

  const release = (observation: Observation, proof: Proof) => {
    held.delete(observation);
    for (const key of echoKeys(observation)) {
      const waiting = heldByKey.get(key);
      waiting?.delete(observation);
      if (waiting?.size === 0) heldByKey.delete(key);
    }
    counters[proof.level === 'proven' ? 'joined' : 'unproven'] += 1;
    handOn({ ...observation, proof });
  };

  const remember = (observation: Observation) => {
    for (const key of echoKeys(observation)) {
      echoes.set(key, observation.proof);
      for (const waiting of [...(heldByKey.get(key) ?? [])]) release(waiting, observation.proof);
    }
  };

  return {
    counters: () => ({ ...counters, held: held.size }),
    accept(observation) {
      if (observation.proof.level === 'proven' && observation.proof.by === 'nonce-echo')
        remember(observation);
      if (!canBeJoined(observation)) return handOn(observation);
      const proof = echoKeys(observation)
        .map((key) => echoes.get(key))
        .find((known) => known !== undefined);
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
    observation.sensor === 'ami' && observation.proof.level === 'asserted' && echoKeys(observation).length > 0
  );
}

/**
 * A guess is looked up by (address, nonce), which the event carries; a success, whose event carries no nonce, by
 * (address, Call-ID) of a success that echoed one.
 */
function echoKeys(observation: Observation): string[] {
  const { address } = observation.source;
  switch (observation.kind) {
    case 'authentication-failed':
      return observation.nonce ? [`${address} nonce ${observation.nonce}`] : [];
    case 'authentication-succeeded':
      return [
        ...(observation.nonce ? [`${address} nonce ${observation.nonce}`] : []),
        ...(observation.callId ? [`${address} call ${observation.callId}`] : []),
      ];
    case 'account-probed':
    case 'signature-match':
      return [];
  }
}
