// What a person may want to read about the evidence against one source, and where it came from. Every list is bounded.
import type { Peer } from '../model/address.ts';
import type { Endpoint, Evidence, ProofSeen } from '../model/detection.ts';
import type { Observation, Proof, Transport } from '../model/observation.ts';
import type { Time } from '../model/time.ts';

const keptAccounts = 32;
const keptTexts = 8;
const keptVictims = 16;
const keptEndpoints = 16;

export interface EvidenceDetails {
  add(observation: Observation): void;
  firstTime(): Time;
  victims(): readonly Peer[];
  /** Where proven evidence came from since then, the newest first. */
  provenFrom(since: Time): readonly Endpoint[];
  evidence(counted: Evidence['counted'], sensors: Evidence['sensors']): Evidence;
}

export function createEvidenceDetails(): EvidenceDetails {
  const accounts = new Set<string>();
  const values = new Set<string>();
  const callIds = new Set<string>();
  const userAgents = new Set<string>();
  const transports = new Set<Transport>();
  const victims = new Map<string, Peer>();
  const proofs = new Map<string, ProofSeen>();
  /** The oldest first. */
  const endpoints = new Map<string, { readonly endpoint: Endpoint; readonly time: Time }>();
  let inventedNonces = 0;
  let first = Number.POSITIVE_INFINITY;

  const climb = ({ proof, source, transport, time, messages }: Observation) => {
    if (proof.level === 'asserted') return;
    const rung = `${proof.by} ${proof.seenBy}`;
    proofs.set(rung, joinProofs(proofs.get(rung), proof, messages));
    const key = `${source.address} ${transport} ${source.port}`;
    const known = endpoints.get(key);
    endpoints.delete(key);
    endpoints.set(key, { endpoint: { ...source, transport }, time: Math.max(known?.time ?? time, time) });
    const [oldest] = endpoints.keys();
    if (endpoints.size > keptEndpoints && oldest !== undefined) endpoints.delete(oldest);
  };

  return {
    add(observation) {
      first = Math.min(first, observation.time);
      if ('account' in observation) keep(accounts, observation.account, keptAccounts);
      if ('value' in observation) keep(values, observation.value, keptTexts);
      if ('userAgent' in observation) keep(userAgents, observation.userAgent, keptTexts);
      if ('nonceNeverIssued' in observation) inventedNonces += observation.messages;
      keep(callIds, observation.callId, keptTexts);
      transports.add(observation.transport);
      const { address, port } = observation.local;
      if (victims.size < keptVictims) victims.set(`${address} ${port}`, observation.local);
      climb(observation);
    },
    firstTime: () => first,
    victims: () => [...victims.values()],
    provenFrom: (since) =>
      [...endpoints.values()]
        .filter(({ time }) => time > since)
        .map(({ endpoint }) => endpoint)
        .reverse(),
    evidence: (counted, sensors) => ({
      counted,
      sensors,
      transports: [...transports],
      accounts: [...accounts],
      values: [...values],
      callIds: [...callIds],
      userAgents: [...userAgents],
      inventedNonces,
      proofs: [...proofs.values()],
    }),
  };
}

function keep<Value>(set: Set<Value>, value: Value | undefined, limit: number): void {
  if (value !== undefined && set.size < limit) set.add(value);
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
