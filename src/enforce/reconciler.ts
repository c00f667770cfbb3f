// Owns the truth about what is blocked: whatever happens to the firewall, the kernel comes to agree with it again.
// It decides nothing, and forgets nothing that the kernel has not taken.
import type { Logger } from '../lib/logger.ts';
import type { Alarms } from '../model/alarm.ts';
import type { Enforcer, Entry, HeldEntry, Place, Touched } from '../model/enforcer.ts';
import { codeOf, hintOf, messageOf } from '../model/error.ts';
import type { Time } from '../model/time.ts';
import { type Difference, differences, inOrder, inWords, keyOf } from './differences.ts';

/** `pending`: the firewall failed; it is tried until it works, and an alarm says so. */
export type Settlement = 'enforced' | 'pending';

export interface Reconciler {
  /** Makes the kernel hold these entries and no others in our sets. A failing firewall leaves them pending. */
  start(desired: Iterable<Entry>): Promise<void>;
  /** Rejects, and forgets the entry, only where it can never be: FIREWALL_UNTOUCHABLE, FIREWALL_REFUSED_TARGET ... */
  set(entry: Entry): Promise<Settlement>;
  unset(place: Place): Promise<Settlement>;
  /** What the kernel has not acknowledged yet. */
  pending(): readonly Place[];
  /**
   * Puts back whatever someone else changed in the firewall, and resolves to that in words; empty where it was whole, or could
   * not be repaired yet, or `start` has not told the truth. Members are compared where they may have been touched, and where rules were.
   */
  repair(touched?: Touched): Promise<readonly string[]>;
  /** Ends the retries; the enforcer stays as it is. */
  stop(): Promise<void>;
}

export interface ReconcilerParts {
  readonly enforcer: Enforcer;
  /** What others had done, as soon as it is repaired, however many attempts that took. */
  readonly onRepaired?: (damage: readonly string[]) => void;
  /** What the kernel holds, each time that it was read whole. */
  readonly onRead?: (held: readonly HeldEntry[]) => void;
  readonly alarms: Alarms;
  /** Raised while the enforcer fails. */
  readonly alarmCode?: string;
  readonly now: () => Time;
  readonly logger: Logger;
}

/** Nothing can be done now; the entry stays wanted, since IPv6 may come. */
const noIPv6 = 'FIREWALL_NO_IPV6';
const retryMs = { first: 500, longest: 30_000 } as const;
/** Commands under way at once. */
const batchSize = 10_000;

/** No second attempt can succeed. A full `drop` set is one: it is filled by packets that anyone can forge. */
const refusals = new Set(['FIREWALL_UNTOUCHABLE', 'FIREWALL_REFUSED_TARGET', noIPv6]);

export function createReconciler(parts: ReconcilerParts): Reconciler {
  const { enforcer, onRepaired, onRead, alarms, alarmCode = 'FIREWALL_FAILING', now, logger } = parts;
  const truth = new Map<string, Entry>();
  const unsettled = new Map<string, Place>();
  /** What we change ourselves while the kernel is being read: no other did that. */
  let changing: Set<string> | undefined;
  /** Until the kernel agrees with the truth for the first time, what differs is not the doing of others. */
  let isNew = true;
  /** What others did and is not repaired yet. */
  const damage = new Set<string>();
  let isPrepared = false;
  let nextRetryMs: number = retryMs.first;
  let retry: NodeJS.Timeout | undefined;
  let failures = 0;
  let pruneAt = 1_024;
  let isStarted = false;
  let isStopped = false;
  let round: Promise<void> = Promise.resolve();

  const fail = (error: unknown) => {
    failures += 1;
    alarms.raise(alarmCode, messageOf(error), hintOf(error) ?? '');
    if (retry || isStopped) return;
    retry = setTimeout(() => {
      retry = undefined;
      void repair();
    }, nextRetryMs);
    nextRetryMs = Math.min(nextRetryMs * 2, retryMs.longest);
  };

  /** Makes the kernel agree with the truth about one place. What it wants is read here, so that the last word wins. */
  const settle = async (place: Place): Promise<Settlement> => {
    const key = keyOf(place);
    const wanted = truth.get(key);
    const isStillWanted = () => truth.get(key) === wanted;
    unsettled.set(key, place);
    changing?.add(key);
    try {
      await (wanted ? enforcer.add(wanted) : enforcer.remove(place));
      if (isStillWanted()) unsettled.delete(key);
      return 'enforced';
    } catch (error) {
      if (!isRefusal(error, place)) {
        fail(error);
        return 'pending';
      }
      if (isStillWanted()) unsettled.delete(key);
      if (!wanted) return 'enforced';
      if (isStillWanted() && codeOf(error) !== noIPv6) await withdraw(place);
      throw error;
    }
  };

  /** Of a refused entry nothing older may stay either. */
  const withdraw = async (place: Place) => {
    truth.delete(keyOf(place));
    await settle(place);
  };

  /** Whether the kernel has it now. */
  const settleAgain = async (place: Place): Promise<boolean> => {
    try {
      return (await settle(place)) === 'enforced';
    } catch (error) {
      const { set, target, port } = place;
      if (codeOf(error) !== noIPv6) {
        logger.warn({ set, target, port, reason: messageOf(error) }, 'entry given up');
      }
      return false;
    }
  };

  const prune = () => {
    for (const [key, { until }] of truth) if (until !== undefined && until <= now()) truth.delete(key);
    pruneAt = Math.max(1_024, 2 * truth.size);
  };

  /** Sets and rules, where anything of them is missing. */
  const prepare = async (touched: Touched): Promise<boolean> => {
    const wasPrepared = isPrepared;
    // Where the look fails too, the next attempt is made without it.
    isPrepared = false;
    const broken = wasPrepared ? await enforcer.damage() : [];
    for (const what of broken) damage.add(what);
    const isWhole = wasPrepared && broken.length === 0;
    if (!isWhole) await enforcer.prepare();
    isPrepared = true;
    return !isWhole || touched === 'members';
  };

  const compareMembers = async () => {
    const ours = new Set(unsettled.keys());
    changing = ours;
    const held = await enforcer.list();
    changing = undefined;
    onRead?.(held);
    prune();
    const found = differences(truth, held, now());
    unsettled.clear();
    for (const { place } of found) unsettled.set(keyOf(place), place);
    const settled: Difference[] = [];
    const settleOne = async (difference: Difference) => {
      if (await settleAgain(difference.place)) settled.push(difference);
    };
    for (const together of inOrder(found)) {
      for (let start = 0; start < together.length; start += batchSize) {
        await Promise.all(together.slice(start, start + batchSize).map(settleOne));
      }
    }
    const foreign = settled.filter(({ place }) => !isNew && !ours.has(keyOf(place)));
    for (const what of inWords(foreign)) damage.add(what);
    isNew = false;
  };

  const reconcile = async (touched: Touched): Promise<readonly string[]> => {
    const failuresBefore = failures;
    try {
      if (!(await prepare(touched))) return [];
      await compareMembers();
    } catch (error) {
      fail(error);
    }
    if (failures > failuresBefore) return [];
    nextRetryMs = retryMs.first;
    alarms.clear(alarmCode);
    const repaired = [...damage];
    damage.clear();
    if (repaired.length > 0) onRepaired?.(repaired);
    return repaired;
  };

  const next = <Value>(act: () => Promise<Value>, otherwise: Value): Promise<Value> => {
    const result = round.then(() => (isStopped ? otherwise : act()));
    round = result.then(() => undefined);
    return result;
  };
  const repair = async (touched: Touched = 'members') =>
    isStarted ? next(() => reconcile(touched), []) : [];

  return {
    start(desired) {
      truth.clear();
      for (const entry of desired) truth.set(keyOf(entry), entry);
      isNew = true;
      isStarted = true;
      return repair().then(() => undefined);
    },
    set(entry) {
      if (truth.size >= pruneAt) prune();
      truth.set(keyOf(entry), entry);
      return settle(entry);
    },
    unset(place) {
      truth.delete(keyOf(place));
      return settle(place);
    },
    pending: () => [...unsettled.values()],
    repair,
    stop() {
      isStopped = true;
      clearTimeout(retry);
      return round;
    },
  };
}

function isRefusal(error: unknown, { set }: Place): boolean {
  const code = codeOf(error);
  if (code === undefined) return false;
  return refusals.has(code) || (set === 'drop' && code === 'FIREWALL_SET_FULL');
}
