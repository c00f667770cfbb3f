// From the database's rows to our own words and back. A row is believed only after its schema has passed it.
import { z } from 'zod';
import { parseNetwork } from '../model/address.ts';
import type { Attack } from '../model/attack.ts';
import { type Change, changeKinds } from '../model/change.ts';
import { actions, type Decision } from '../model/decision.ts';
import { limitNames } from '../model/enforcer.ts';
import { pbxActKinds } from '../model/expulsion.ts';
import { type ListEntry, parseListTarget } from '../model/list-entry.ts';
import { proofRungs, sensorNames, transports } from '../model/observation.ts';
import type { Proposal } from '../model/proposal.ts';
import { type ShieldEntry, shieldKinds } from '../model/shield-entry.ts';
import type { SourceLimit } from '../model/source-limit.ts';
import type { StoredDecision } from './stored-decision.ts';

const network = z.string().refine((text) => parseNetwork(text) === text);
const listTarget = z.string().refine((text) => parseListTarget(text) === text);
const time = z.int();
const proof = z.enum(['asserted', 'proven']);
const action = z.enum(actions);
const limit = z.enum(limitNames);

const cause = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('detection'), attack: z.string(), proof }),
  z.object({ kind: z.literal('manual'), by: z.string(), note: z.string() }),
]);

const evidence = z.object({
  counted: z.object({ what: z.string(), count: z.number(), limit: z.number(), withinMs: z.number() }),
  sensors: z.partialRecord(z.enum(sensorNames), z.number()),
  transports: z.array(z.enum(transports)),
  accounts: z.array(z.string()),
  values: z.array(z.string()),
  callIds: z.array(z.string()),
  userAgents: z.array(z.string()),
  inventedNonces: z.number(),
  proofs: z.array(
    z.object({
      by: z.enum(proofRungs),
      seenBy: z.enum(sensorNames),
      messages: z.number(),
      firstTime: time,
      lastTime: time,
      until: time.exactOptional(),
    }),
  ),
});

const port = z.object({ protocol: z.enum(['udp', 'tcp']), port: z.int().min(0).max(65_535) });
const phone = z.object({ account: z.string(), userAgent: z.string().exactOptional(), everyMs: z.number() });
const behind = z.object({
  phones: z.int(),
  trunks: z.int(),
  calls: z.int(),
  names: z.array(z.string()),
});

const act = z.object({
  time,
  kind: z.enum(pbxActKinds),
  subject: z.string(),
  problem: z.string().exactOptional(),
});

export const decisionRow: z.ZodType<StoredDecision> = z
  .object({
    id: z.string(),
    time,
    target: network,
    action,
    port: json(port).exactOptional(),
    limit: limit.exactOptional(),
    until: time.exactOptional(),
    cause: json(cause),
    reason: z.string(),
    phone: json(phone).exactOptional(),
    behind: json(behind).exactOptional(),
    offence: z.int(),
    enforced: z.int().transform((value) => value !== 0),
    endedTime: time.exactOptional(),
    endedBy: z.string().exactOptional(),
  })
  .transform(({ endedTime, endedBy, ...decision }) =>
    endedTime === undefined ? decision : { ...decision, ended: { time: endedTime, by: endedBy ?? '' } },
  );

export const attackRow: z.ZodType<Attack> = z.object({
  id: z.string(),
  source: network,
  country: z.string().exactOptional(),
  autonomousSystem: json(z.object({ number: z.int(), name: z.string() })).exactOptional(),
  attack: z.string(),
  proof,
  firstTime: time,
  lastTime: time,
  messages: z.int(),
  victims: json(z.array(z.object({ address: network, port: z.int() }))),
  evidence: json(evidence),
  action,
  until: time.exactOptional(),
  reason: z.string(),
  acts: json(z.array(act)).exactOptional(),
});

const listed = { note: z.string(), author: z.string(), time };

export const listRow: z.ZodType<ListEntry> = z.object({
  ...listed,
  target: listTarget,
  until: time.exactOptional(),
  addresses: json(z.array(network)).exactOptional(),
});

export const proposalRow: z.ZodType<Proposal> = z.object({
  target: network,
  time,
  bans: z.int(),
  reason: z.string(),
  answer: z.enum(['approved', 'dismissed']).exactOptional(),
  answeredTime: time.exactOptional(),
  answeredBy: z.string().exactOptional(),
});

export const limitRow: z.ZodType<SourceLimit> = z.object({
  ...listed,
  target: network,
  limit,
  perMinute: z.int().min(1),
});

export const shieldRow: z.ZodType<ShieldEntry> = z.object({
  kind: z.enum(shieldKinds),
  target: network,
  name: z.string(),
  why: z.string(),
  since: time,
  provenSince: time.exactOptional(),
  lastSeen: time,
  until: time.exactOptional(),
  ports: json(z.array(port)),
  callId: z.string().exactOptional(),
});

export const changeRow: z.ZodType<Change> = z.object({
  id: z.string(),
  kind: z.enum(changeKinds),
  target: listTarget.exactOptional(),
  by: z.string(),
  time,
  until: time,
  hits: json(z.array(z.string())),
});

export function decisionParameters(decision: Decision) {
  const { cause, port, limit = null, phone, behind, until = null, enforced, ...cells } = decision;
  return {
    ...cells,
    until,
    cause: JSON.stringify(cause),
    port: text(port),
    limit,
    phone: text(phone),
    behind: text(behind),
    enforced: enforced ? 1 : 0,
  };
}

export function attackParameters(attack: Attack) {
  const { country = null, autonomousSystem, victims, evidence, until = null, acts, ...cells } = attack;
  return {
    ...cells,
    country,
    autonomousSystem: text(autonomousSystem),
    until,
    victims: JSON.stringify(victims),
    evidence: JSON.stringify(evidence),
    acts: text(acts),
  };
}

export function shieldParameters(entry: ShieldEntry) {
  const { provenSince = null, until = null, ports, callId = null, ...cells } = entry;
  return { ...cells, provenSince, until, ports: JSON.stringify(ports), callId };
}

export function proposalParameters(proposal: Proposal) {
  const { answer = null, answeredTime = null, answeredBy = null, ...cells } = proposal;
  return { ...cells, answer, answeredTime, answeredBy };
}

export function changeParameters({ target, hits, ...cells }: Change) {
  return { ...cells, target: target ?? null, hits: JSON.stringify(hits) };
}

function text(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** What SQL calls NULL is an absent key with us. */
export function withoutNulls(row: unknown): unknown {
  const cells = Object.entries(row as Record<string, unknown>);
  return Object.fromEntries(cells.filter(([, value]) => value !== null));
}

function json<Schema extends z.ZodType>(schema: Schema) {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.issues.push({ code: 'custom', message: 'expected JSON', input: text });
        return z.NEVER;
      }
    })
    .pipe(schema);
}
