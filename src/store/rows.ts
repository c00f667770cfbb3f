// From the database's rows to our own words and back. A row is believed only after its schema has passed it.
import { z } from 'zod';
import { parseNetwork } from '../model/address.ts';
import type { Attack } from '../model/attack.ts';
import type { Decision } from '../model/decision.ts';
import type { ListEntry } from '../model/list-entry.ts';
import { sensorNames, transports } from '../model/observation.ts';
import type { ShieldEntry } from '../model/shield-entry.ts';
import type { StoredDecision } from './stored-decision.ts';

const network = z.string().refine((text) => parseNetwork(text) === text);
const time = z.int();
const proof = z.enum(['asserted', 'proven']);
const action = z.enum(['ban', 'drop', 'notice']);

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
  provenBy: z
    .object({
      level: z.literal('proven'),
      by: z.enum(['nonce-echo', 'connection']),
      seenBy: z.enum(sensorNames),
      time,
    })
    .exactOptional(),
});

export const decisionRow: z.ZodType<StoredDecision> = z
  .object({
    id: z.string(),
    time,
    target: network,
    action,
    until: time.exactOptional(),
    cause: json(cause),
    reason: z.string(),
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
});

export const listRow: z.ZodType<ListEntry> = z.object({
  target: network,
  note: z.string(),
  author: z.string(),
  time,
});

export const shieldRow: z.ZodType<ShieldEntry> = z.object({
  address: network,
  account: z.string(),
  since: time,
  provenSince: time.exactOptional(),
  lastSeen: time,
  until: time,
});

export function decisionParameters(decision: Decision) {
  const { id, time, target, action, until = null, cause, reason, offence, enforced } = decision;
  const cells = { id, time, target, action, until, reason, offence };
  return { ...cells, cause: JSON.stringify(cause), enforced: enforced ? 1 : 0 };
}

export function attackParameters(attack: Attack) {
  const { victims, evidence, until = null, ...cells } = attack;
  return { ...cells, until, victims: JSON.stringify(victims), evidence: JSON.stringify(evidence) };
}

export function shieldParameters(entry: ShieldEntry) {
  const { address, account, since, provenSince = null, lastSeen, until } = entry;
  return { address, account, since, provenSince, lastSeen, until };
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
