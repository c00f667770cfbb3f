// What a person (or a program of theirs) can ask of a running sipwarden: one set of orders behind every surface. Each
// order's input is checked by its schema; each answer is plain data that the command line prints as it is.
import { z } from 'zod';
import type { Overlap } from '../decide/list-overlaps.ts';
import { type ListFormat, listFormats } from '../lists/formats.ts';
import { longest } from '../lists/list-row.ts';
import { type Network, parseAddress, parseNetwork } from '../model/address.ts';
import type { Alarm } from '../model/alarm.ts';
import type { Attack } from '../model/attack.ts';
import type { Change } from '../model/change.ts';
import type { Decision } from '../model/decision.ts';
import type { BackEnd, HeldEntry, KernelDrops, Layer } from '../model/enforcer.ts';
import type { GeoDatabase, Origin } from '../model/geography.ts';
import {
  type ListEntry,
  type ListName,
  type ListTarget,
  listTargetForm,
  parseListTarget,
} from '../model/list-entry.ts';
import type { Proposal } from '../model/proposal.ts';
import type { SensorHealth } from '../model/sensor.ts';
import type { BlastRadius, ShieldEntry } from '../model/shield-entry.ts';
import type { SourceLimit } from '../model/source-limit.ts';
import type { Time } from '../model/time.ts';
import type { TimelineEntry } from '../timeline.ts';

const target = z.string().transform((text, context): Network => {
  const network = parseNetwork(text.trim());
  if (network !== undefined) return network;
  context.issues.push({
    code: 'custom',
    input: text,
    message: 'expected an address or a network such as 203.0.113.9 or 2001:db8::/64',
  });
  return z.NEVER;
});
const listTarget = z.string().transform((text, context): ListTarget => {
  const parsed = parseListTarget(text);
  if (parsed !== undefined) return parsed;
  context.issues.push({ code: 'custom', input: text, message: `expected ${listTargetForm}` });
  return z.NEVER;
});
const note = z.string().max(longest.note, `expected at most ${longest.note} characters`).default('');
/** Who gives the order, as the surface knows them. */
const by = z.string().max(longest.author).default('command line');
const tenYearsMs = 315_360_000_000;
const forMs = z.int().min(1_000).max(tenYearsMs).optional();
const id = z.string().min(1).max(64);
/** Who gives an order that may hit ours, from which address where it is known, and whether he insists. */
const forced = {
  by,
  from: z
    .string()
    .transform((text) => parseAddress(text))
    .optional(),
  force: z.boolean().default(false),
};

export const orders = {
  /** As Asterisk's command line may give it: nothing that hits ours. */
  plainBan: z.strictObject({ target, forMs, note }),
  plainUnban: z.strictObject({ target }),
  ban: z.strictObject({ target, forMs, note, ...forced }),
  unban: z.strictObject({ target, by }),
  approve: z.strictObject({ id, forMs, ...forced }),
  dismiss: z.strictObject({ id, by }),
  confirm: z.strictObject({ id: id.optional() }),
  reload: z.strictObject({ ...forced }),
  listAdd: z
    .strictObject({ target: listTarget, forMs, until: z.int().optional(), note, ...forced })
    .refine(({ forMs: ms, until }) => ms === undefined || until === undefined, {
      message: 'expected a duration or an end, not both',
    }),
  listRemove: z.strictObject({ target: listTarget }),
  listImport: z.strictObject({
    text: z.string(),
    format: z.enum(listFormats).optional(),
    dryRun: z.boolean().default(false),
    replace: z.boolean().default(false),
    ...forced,
  }),
  proposalApprove: z.strictObject({ target, note, ...forced }),
  proposalDismiss: z.strictObject({ target, by }),
  limitSet: z
    .strictObject({
      target,
      invitePerSecond: z.int().min(1).max(10_000).optional(),
      tftpPerMinute: z.int().min(1).max(100_000).optional(),
      packetsPerSecond: z.int().min(1).max(100_000).optional(),
      note,
      by,
    })
    .refine(
      ({ invitePerSecond, tftpPerMinute, packetsPerSecond }) =>
        (invitePerSecond ?? tftpPerMinute ?? packetsPerSecond) !== undefined,
      {
        message: 'expected a number of INVITEs a second, of TFTP requests a minute, or of packets a second',
      },
    ),
  limitClear: z.strictObject({ target }),
  attacks: z.strictObject({
    source: target.optional(),
    limit: z.coerce.number().int().min(1).max(10_000).default(100),
  }),
  explain: z.strictObject({ target }),
};
export type Order<Name extends keyof typeof orders> = z.output<(typeof orders)[Name]>;

export interface Status {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: Time;
  readonly mode: 'enforce' | 'observe';
  readonly backend: string;
  /** What protects, in one sentence for a person. */
  readonly summary: string;
  readonly sensors: readonly SensorHealth[];
  readonly pbx: { readonly state: string; readonly detail: string };
  readonly inForce: {
    readonly bans: number;
    readonly drops: number;
    readonly ports: number;
    readonly held: number;
    readonly proposed: number;
    readonly unconfirmed: number;
    readonly shielded: number;
    readonly allow: number;
    readonly deny: number;
  };
  /** `repairs`: how often others had changed what is ours in the firewall, since it was set up. */
  readonly firewall: Omit<BackEnd, 'name'> & {
    readonly pending: number;
    readonly notices: readonly string[];
    /** What carries out the same bans behind the first. */
    readonly layers: readonly Layer[];
    readonly drops: KernelDrops;
    readonly repairs: number;
  };
  readonly correlator: Readonly<Record<string, number>>;
  readonly geoip: readonly GeoDatabase[];
  readonly alarms: readonly Alarm[];
}

export interface Explanation extends Origin {
  readonly target: Network;
  /** One sentence that answers "is it blocked, and why". */
  readonly verdict: string;
  /** What it did and what was done about it, the oldest first. */
  readonly timeline: readonly TimelineEntry[];
  readonly inForce: readonly Decision[];
  readonly history: readonly Decision[];
  readonly attacks: readonly Attack[];
  readonly lists: readonly (ListEntry & { readonly list: ListName })[];
  readonly shield: readonly ShieldEntry[];
  /** Who of ours would be cut off with it. */
  readonly behind: BlastRadius;
}

export interface DetectorReport {
  readonly name: string;
  readonly summary: string;
  readonly state: 'enforce' | 'observe' | 'off';
  /** Its options; durations in milliseconds. */
  readonly options: Readonly<Record<string, unknown>>;
  /** How often it gave cause for a decision since the start. */
  readonly fired: number;
  readonly lastTime?: Time;
}

export interface Limits {
  /** What persons set. */
  readonly own: readonly SourceLimit[];
  /** Who is slowed at this moment, and how much of his was met since. */
  readonly slowed: readonly HeldEntry[];
}

/** What an order did, and the change that waits for a confirmation where it hit ours. */
export interface Forced<Result> {
  readonly result: Result;
  readonly change?: Change;
}

/** A new entry, and where others lie in it or around it. */
export interface AddedEntry extends ListEntry {
  readonly overlaps: readonly Overlap[];
}

/** Entries that were compared with who is ours. */
export interface ImportProgress {
  readonly checked: number;
  readonly of: number;
}

/** What an import did, or would do. Of nothing is anything done where a line was refused. */
export interface Imported {
  readonly format: ListFormat;
  readonly isDone: boolean;
  readonly added: readonly ListTarget[];
  readonly changed: readonly ListTarget[];
  readonly removed: readonly ListTarget[];
  readonly unchanged: number;
  /** In the order of the file; line 0 is the file as a whole. */
  readonly refused: readonly { readonly line: number; readonly reason: string }[];
  readonly skipped: readonly { readonly line: number; readonly reason: string }[];
  /** What was forced, and waits for a confirmation. */
  readonly changes: readonly Change[];
}

/** Orders that change something resolve when they are in the kernel and on the disk. All reject with SipwardenError. */
export interface Operations {
  status(): Promise<Status>;
  bans(): Promise<readonly (Decision & Origin)[]>;
  ban(order: Order<'ban'>): Promise<Forced<Decision>>;
  unban(order: Order<'unban'>): Promise<{ readonly target: Network; readonly wasInForce: boolean }>;
  /** Bans that wait for a person. */
  held(): Promise<readonly Decision[]>;
  approve(order: Order<'approve'>): Promise<Forced<Decision>>;
  dismiss(order: Order<'dismiss'>): Promise<Decision>;
  /** Forced changes that wait for a confirmation. */
  unconfirmed(): Promise<readonly Change[]>;
  confirm(order: Order<'confirm'>): Promise<readonly Change[]>;
  shield(): Promise<readonly ShieldEntry[]>;
  list(name: ListName): Promise<readonly ListEntry[]>;
  listAdd(name: ListName, order: Order<'listAdd'>): Promise<Forced<AddedEntry>>;
  listRemove(
    name: ListName,
    order: Order<'listRemove'>,
  ): Promise<{ readonly target: ListTarget; readonly wasThere: boolean }>;
  /** All of a file, or nothing of it. */
  listImport(
    name: ListName,
    order: Order<'listImport'>,
    onProgress?: (progress: ImportProgress) => void,
  ): Promise<Imported>;
  /** Where entries of both lists lie in one another, at most 1,000. */
  listOverlaps(): Promise<readonly Overlap[]>;
  /** Sources that were banned so often that they belong on the denylist. */
  proposals(): Promise<readonly Proposal[]>;
  proposalApprove(order: Order<'proposalApprove'>): Promise<Forced<AddedEntry>>;
  proposalDismiss(order: Order<'proposalDismiss'>): Promise<Proposal>;
  detectors(): Promise<readonly DetectorReport[]>;
  limits(): Promise<Limits>;
  limitSet(order: Order<'limitSet'>): Promise<readonly SourceLimit[]>;
  limitClear(order: Order<'limitClear'>): Promise<{ readonly target: Network; readonly cleared: number }>;
  attacks(order: Order<'attacks'>): Promise<readonly Attack[]>;
  explain(order: Order<'explain'>): Promise<Explanation>;
  reload(order: Order<'reload'>): Promise<{ readonly files: readonly string[] }>;
}
