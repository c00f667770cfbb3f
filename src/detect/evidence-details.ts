// What a person may want to read about the evidence against one source, and where it came from. Every list is bounded.
import type { Peer } from '../model/address.ts';
import type { Attempt, Evidence, ProofSeen } from '../model/detection.ts';
import {
  type Observation,
  type Proof,
  type Transport,
  transports as transportNames,
} from '../model/observation.ts';
import type { Time } from '../model/time.ts';

const keptAccounts = 32;
const keptTexts = 8;
const keptVictims = 16;

export interface EvidenceDetails {
  add(observation: Observation): void;
  firstTime(): Time;
  victims(): readonly Peer[];
  /** Proven evidence after then, the oldest first. */
  attempts(since: Time): readonly Attempt[];
  evidence(counted: Evidence['counted'], sensors: Evidence['sensors']): Evidence;
}

/** `keptAttempts`: how many of the latest are remembered. */
export function createEvidenceDetails(keptAttempts: number): EvidenceDetails {
  // Short lists, not sets: there are many sources, and most of them were seen once.
  const accounts: string[] = [];
  const values: string[] = [];
  const callIds: string[] = [];
  const userAgents: string[] = [];
  const transports: Transport[] = [];
  const victims: Peer[] = [];
  const proofs: ProofSeen[] = [];
  const attempts: Attempt[] = [];
  let inventedNonces = 0;
  let first = Number.POSITIVE_INFINITY;

  const climb = (observation: Observation) => {
    const { proof, messages } = observation;
    if (proof.level === 'asserted') return;
    const isSame = ({ by, seenBy }: ProofSeen) => by === proof.by && seenBy === proof.seenBy;
    const known = proofs.findIndex(isSame);
    proofs.splice(known === -1 ? proofs.length : known, 1, joinProofs(proofs[known], proof, messages));
    const after = attempts.findLastIndex(({ time }) => time <= observation.time);
    attempts.splice(after + 1, 0, attemptOf(observation));
    if (attempts.length > keptAttempts) attempts.shift();
  };

  return {
    add(observation) {
      first = Math.min(first, observation.time);
      if ('account' in observation) keep(accounts, observation.account, keptAccounts);
      keep(values, tellingValue(observation), keptTexts);
      if ('userAgent' in observation) keep(userAgents, observation.userAgent, keptTexts);
      if ('nonceNeverIssued' in observation) inventedNonces += observation.messages;
      keep(callIds, observation.callId, keptTexts);
      keep(transports, observation.transport, transportNames.length);
      const { address, port } = observation.local;
      // Not every sensor can tell whom it was sent to.
      const isKnown =
        port === 0 || victims.some((victim) => victim.address === address && victim.port === port);
      if (!isKnown && victims.length < keptVictims) victims.push(observation.local);
      climb(observation);
    },
    firstTime: () => first,
    victims: () => [...victims],
    attempts: (since) => attempts.filter(({ time }) => time > since),
    evidence: (counted, sensors) => ({
      counted,
      sensors,
      transports: [...transports],
      accounts: [...accounts],
      values: [...values],
      callIds: [...callIds],
      userAgents: [...userAgents],
      inventedNonces,
      proofs: [...proofs],
    }),
  };
}

/** What of it a person wants to read beside who and when. */
function tellingValue(observation: Observation): string | undefined {
  switch (observation.kind) {
    case 'signature-match':
      return observation.value;
    case 'malformed-message':
      return observation.problem;
    case 'answer-diverted':
      return observation.divertedTo.address;
    case 'management-login-failed':
      return observation.service;
    case 'abuse-reported':
      return observation.reason;
    case 'file-requested':
    case 'file-answered':
      return observation.file;
    default:
      return undefined;
  }
}

function keep<Value>(list: Value[], value: Value | undefined, limit: number): void {
  if (value !== undefined && list.length < limit && !list.includes(value)) list.push(value);
}

function attemptOf(observation: Observation): Attempt {
  const { time, sensor, source, transport, messages } = observation;
  const account = 'account' in observation ? observation.account : undefined;
  const userAgent = 'userAgent' in observation ? observation.userAgent : undefined;
  return {
    time,
    sensor,
    from: { ...source, transport },
    messages,
    ...(account !== undefined && { account }),
    ...(userAgent !== undefined && { userAgent }),
  };
}

function joinProofs(
  known: ProofSeen | undefined,
  { by, seenBy, time, until }: Exclude<Proof, { level: 'asserted' }>,
  messages: number,
): ProofSeen {
  const last = Math.max(known?.until ?? 0, until ?? 0);
  return {
    by,
    seenBy,
    messages: (known?.messages ?? 0) + messages,
    firstTime: Math.min(known?.firstTime ?? time, time),
    lastTime: Math.max(known?.lastTime ?? time, time),
    ...(last > 0 && { until: last }),
  };
}
