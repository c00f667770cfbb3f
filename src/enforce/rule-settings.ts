// What the rules in the kernel are to do, in the words of the configuration; each back end writes them in its own.
import type { Network } from '../model/address.ts';
import type { LimitName } from '../model/enforcer.ts';
import type { PortRange } from '../model/options.ts';

export interface RuleSettings {
  readonly udpPorts: readonly PortRange[];
  readonly tcpPorts: readonly PortRange[];
  /** Over UDP. */
  readonly tftpPorts: readonly PortRange[];
  readonly banScope: 'protected-ports' | 'all-ports';
  /** Interfaces behind which guests of this host answer; `vnet+` stands for all that begin so. */
  readonly guests: readonly string[];
  readonly nflogGroup: number;
  /** Packets of one source (and answers to one destination) that reach the sidecar. */
  readonly logLimitPerSecond: number;
  /** Texts of scanners whose requests die at once. Empty where nobody is to be blocked. */
  readonly hotTexts: readonly string[];
  /** Empty where nobody is to be blocked. */
  readonly limits: readonly LimitSettings[];
}

export interface LimitSettings {
  readonly name: LimitName;
  /** Whoever sends more is slowed. */
  readonly perMinute: number;
  /** So many at once are no more. */
  readonly burst: number;
  readonly slowedPerMinute: number;
  /** Slowed until so long after the last excess. Seconds. */
  readonly slowedForSeconds: number;
  readonly exceptions: readonly LimitException[];
}

/** A source with a limit of its own. */
export interface LimitException {
  readonly target: Network;
  readonly perMinute: number;
}

/** Packets of everybody together of which one limit for each address takes note. */
export interface TableLimit {
  readonly perSecond: number;
  readonly burst: number;
  readonly tableSize: number;
  readonly tableMax: number;
  readonly expireMs: number;
  readonly collectMs: number;
}

/** What a full bucket takes to fill again must be over before an idle entry is forgotten. */
const table = { burst: 20_000, tableSize: 16_384, tableMax: 131_072, collectMs: 500 } as const;
/** Of `tableMax`; the rest is for what was still to be collected. */
const usable = 110_000;
const mostPerSecond = 20_000;

/**
 * A full hashlimit table drops packets, whatever the rule's verdict. So a limit over everybody (no mode: one bucket)
 * stands first and feeds the table of addresses no faster than its entries expire:
 * burst + rate × (expire + collection interval) = 110,000 entries of 131,072, or fewer.
 */
export function tableLimit(expireMs: number): TableLimit {
  const seconds = (expireMs + table.collectMs) / 1_000;
  const perSecond = Math.floor((usable - table.burst) / seconds);
  return { ...table, expireMs, perSecond: Math.min(mostPerSecond, perSecond) };
}

/** Of what reaches the sidecar. A bucket takes 2 s to fill. */
export const captureLimit = tableLimit(4_000);

/** One packet of each excess is logged; forged sources must not make many of them. */
export const excessLimit = { perSecond: 200, burst: 1_000 } as const;

/** The kernel takes no larger one (XT_HASHLIMIT_BURST_MAX). */
const mostBurst = 1_000_000;

/** So many at once are no excess of an exception: as many times more as it may send more. */
export function exceptionBurst({ burst, perMinute }: LimitSettings, exception: LimitException): number {
  return Math.min(mostBurst, Math.ceil((burst * exception.perMinute) / perMinute));
}

/** How long an address may be idle before its bucket, which then is full again anyway, is forgotten. Milliseconds. */
export function refillMs({ burst, perMinute }: Pick<LimitSettings, 'burst' | 'perMinute'>): number {
  return Math.max(4_000, Math.ceil((burst / perMinute) * 60_000) + 1_000);
}
