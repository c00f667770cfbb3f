// What outlives a restart: decisions, attacks, lists, the shield. Nothing that protects ever waits for it: it runs in a
// thread of its own, and where the disk fails it says so and tries again.
import { join } from 'node:path';
import { z } from 'zod';
import type { Logger } from '../lib/logger.ts';
import type { Network } from '../model/address.ts';
import type { Alarms } from '../model/alarm.ts';
import type { Attack } from '../model/attack.ts';
import type { Change } from '../model/change.ts';
import type { Decision } from '../model/decision.ts';
import { SipwardenError } from '../model/error.ts';
import type { ListChange, ListEntry, ListName } from '../model/list-entry.ts';
import { durationOption } from '../model/options.ts';
import type { Proposal } from '../model/proposal.ts';
import type { ShieldEntry } from '../model/shield-entry.ts';
import type { SourceLimit } from '../model/source-limit.ts';
import type { Time } from '../model/time.ts';
import type { Statement } from './protocol.ts';
import * as rows from './rows.ts';
import type { StatementName } from './statements.ts';
import { createStoreHealth, type StoreHealth } from './store-health.ts';
import type { StoredDecision } from './stored-decision.ts';
import { createWorkerLink } from './worker-link.ts';
import { createWriteQueue } from './write-queue.ts';

export const storeOptions = z.strictObject({
  directory: z
    .string()
    .startsWith('/', 'expected an absolute path')
    .default('/var/lib/sipwarden')
    .describe('The directory of the database. Takes effect at the next start.'),
  keep: durationOption('90d', { atLeast: '1d' }).describe('How long attacks and past bans are remembered.'),
});

/**
 * Every write resolves when it is durable and may be left unawaited; where it rejects with STORE_*, it is tried again
 * all the same (write-queue.ts). Reads see what is durable, and reject with STORE_* where the database cannot be read.
 */
export interface Store {
  /** Anew, or with a new end, reason or action under the same id. */
  saveDecision(decision: Decision): Promise<void>;
  /** Ends one decision. */
  endDecision(id: string, time: Time, by: string): Promise<void>;
  /** Ends whatever is not over yet for the target. */
  endDecisionsOf(target: Network, time: Time, by: string): Promise<void>;
  /** Bans and drops that hold, in the order in which they were decided. */
  activeDecisions(now: Time): Promise<StoredDecision[]>;
  /** In the order in which they were decided; the newest 65,536. */
  decisionsSince(time: Time): Promise<StoredDecision[]>;
  /** The newest first, at most 100. */
  decisionsOf(target: Network): Promise<StoredDecision[]>;

  saveAttack(attack: Attack): Promise<void>;
  /** The newest first. */
  attacks(filter: { since?: Time; source?: Network; limit: number }): Promise<Attack[]>;

  /** All of it, or nothing. */
  changeList(list: ListName, change: ListChange): Promise<void>;
  /** In the order in which they were made. */
  listEntries(list: ListName): Promise<ListEntry[]>;

  /** One for each target. */
  saveProposal(proposal: Proposal): Promise<void>;
  /** Answered ones too, in the order in which they were made. */
  proposals(): Promise<Proposal[]>;

  saveShield(entry: ShieldEntry): Promise<void>;
  removeShield(entry: ShieldEntry): Promise<void>;
  shield(now: Time): Promise<ShieldEntry[]>;

  saveChange(change: Change): Promise<void>;
  removeChange(id: string): Promise<void>;
  /** Those that nobody has confirmed yet, in the order in which they were made. */
  changes(): Promise<Change[]>;

  saveLimit(limit: SourceLimit): Promise<void>;
  /** All of the target. */
  removeLimits(target: Network): Promise<void>;
  /** In the order in which they were set. */
  limits(): Promise<SourceLimit[]>;

  /** Forgets what is over and older than `keepMs`, and what is more than the database should hold. */
  prune(now: Time, keepMs: number): Promise<void>;
  health(): StoreHealth;
  /** Writes what is left, as far as the disk lets it. */
  close(): Promise<void>;
}

const rememberedDecisions = 65_536;
const shownDecisions = 100;
/** Rows; a flood of forged sources must not fill the disk. */
const rowLimit = 200_000;
const queueCapacity = 10_000;

export interface StoreParts {
  readonly directory: string;
  readonly now: () => Time;
  readonly logger: Logger;
  readonly alarms: Alarms;
  /** Another thread's program, for tests that make it fail. */
  readonly worker?: URL;
}

/** Always resolves: a database that cannot be opened is an alarm, and is tried again. */
export async function openStore(parts: StoreParts): Promise<Store> {
  const worker = parts.worker ?? new URL('./worker.ts', import.meta.url);
  const health = createStoreHealth({ ...parts, counters: () => queue.counters() });
  const link = createWorkerLink({
    path: join(parts.directory, 'sipwarden.db'),
    worker,
    now: parts.now,
    onOpen: health.opened,
    onDown: health.failing,
  });
  const queue = createWriteQueue({
    capacity: queueCapacity,
    async commit(writes) {
      const reply = await link.send({ kind: 'write', writes });
      if (reply.kind !== 'written') throw new SipwardenError('STORE_IO', `unexpected answer: ${reply.kind}`);
      return reply.refused;
    },
    onFailing: health.failing,
    onWell: health.well,
  });

  const write = (name: StatementName, parameters: Statement['parameters']) => queue.add({ name, parameters });

  const read = async <Row>(schema: z.ZodType<Row>, statement: Statement): Promise<Row[]> => {
    const reply = await link.send({ kind: 'read', statement });
    if (reply.kind !== 'rows') throw new SipwardenError('STORE_IO', `unexpected answer: ${reply.kind}`);
    const results = reply.rows.map((row) => schema.safeParse(rows.withoutNulls(row)));
    const sound = results.flatMap((result) => (result.success ? [result.data] : []));
    health.damaged(statement.name, results.length - sound.length);
    return sound;
  };

  await link.started;
  return {
    saveDecision: (decision) => write('saveDecision', rows.decisionParameters(decision)),
    endDecision: (id, time, by) => write('endDecision', { id, time, by }),
    endDecisionsOf: (target, time, by) => write('endDecisionsOf', { target, time, by }),
    activeDecisions: (now) => read(rows.decisionRow, { name: 'activeDecisions', parameters: { now } }),
    decisionsSince: (since) =>
      read(rows.decisionRow, { name: 'decisionsSince', parameters: { since, limit: rememberedDecisions } }),
    decisionsOf: (target) =>
      read(rows.decisionRow, { name: 'decisionsOf', parameters: { target, limit: shownDecisions } }),

    saveAttack: (attack) => write('saveAttack', rows.attackParameters(attack)),
    attacks: ({ since = 0, source, limit }) =>
      read(rows.attackRow, { name: 'attacks', parameters: { since, source: source ?? null, limit } }),

    changeList: (list, { add = [], remove = [] }) =>
      queue.add(
        { name: 'removeListEntries', parameters: { list, targets: JSON.stringify(remove) } },
        { name: 'saveListEntries', parameters: { list, entries: JSON.stringify(add) } },
      ),
    listEntries: (list) => read(rows.listRow, { name: 'listEntries', parameters: { list } }),

    saveProposal: (proposal) => write('saveProposal', rows.proposalParameters(proposal)),
    proposals: () => read(rows.proposalRow, { name: 'proposals', parameters: {} }),

    saveShield: (entry) => write('saveShield', rows.shieldParameters(entry)),
    removeShield: ({ kind, target, name }) => write('removeShield', { kind, target, name }),
    shield: (now) => read(rows.shieldRow, { name: 'shield', parameters: { now } }),

    saveChange: (change) => write('saveChange', rows.changeParameters(change)),
    removeChange: (id) => write('removeChange', { id }),
    changes: () => read(rows.changeRow, { name: 'changes', parameters: {} }),

    saveLimit: (limit) => write('saveLimit', { ...limit }),
    removeLimits: (target) => write('removeLimits', { target }),
    limits: () => read(rows.limitRow, { name: 'limits', parameters: {} }),

    async prune(now, keepMs) {
      const before = now - keepMs;
      await Promise.all([
        write('pruneDecisions', { before, now }),
        write('capDecisions', { now, limit: rowLimit }),
        write('pruneAttacks', { before }),
        write('capAttacks', { limit: rowLimit }),
        write('pruneShield', { now }),
        write('pruneProposals', { before }),
      ]);
    },
    health: health.report,
    async close() {
      health.closed(await queue.close());
      await link.close();
    },
  };
}
