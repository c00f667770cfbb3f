// Owns the truth about what is blocked: whatever happens to the firewall, the kernel comes to agree with it again.
// It decides nothing, and forgets nothing that the kernel has not taken.
import type { Logger } from '../lib/logger.ts';
import type { Alarms } from '../model/alarm.ts';
import { type Enforcer, type Entry, isLimit, type Place } from '../model/enforcer.ts';
import { messageOf, SipwardenError } from '../model/error.ts';
import type { Time } from '../model/time.ts';
import { maxTimeoutSeconds } from './member.ts';

/** `pending`: the firewall failed; it is tried until it works, and the alarm FIREWALL_FAILING says so. */
export type Settlement = 'enforced' | 'pending';

export interface Reconciler {
  /** Makes the kernel hold these entries and no others in our sets. A failing firewall leaves them pending. */
  start(desired: Iterable<Entry>): Promise<void>;
  /** Rejects, and forgets the entry, only where it can never be: FIREWALL_UNTOUCHABLE, FIREWALL_REFUSED_TARGET ... */
  set(entry: Entry): Promise<Settlement>;
  unset(place: Place): Promise<Settlement>;
  /** What the kernel has not acknowledged yet. */
  pending(): readonly Place[];
  /** Puts back whatever someone else took out of the firewall. */
  repair(): Promise<void>;
  /** Ends the retries; the enforcer stays as it is. */
  stop(): Promise<void>;
}

export interface ReconcilerParts {
  readonly enforcer: Enforcer;
  readonly alarms: Alarms;
  readonly now: () => Time;
  readonly logger: Logger;
}

const alarmCode = 'FIREWALL_FAILING';
const retryMs = { first: 500, longest: 30_000 } as const;
/** Commands under way at once. */
const batchSize = 10_000;
/** The kernel counts whole seconds, up or down. Milliseconds. */
const timeoutTolerance = 2_000;

/** No second attempt can succeed. A full `drop` set is one: it is filled by packets that anyone can forge. */
const refusals = new Set(['FIREWALL_UNTOUCHABLE', 'FIREWALL_REFUSED_TARGET', 'FIREWALL_NO_IPV6']);

export function createReconciler({ enforcer, alarms, now, logger }: ReconcilerParts): Reconciler {
  const truth = new Map<string, Entry>();
  const unsettled = new Map<string, Place>();
  let nextRetryMs: number = retryMs.first;
  let retry: NodeJS.Timeout | undefined;
  let failures = 0;
  let pruneAt = 1_024;
  let isStopped = false;
  let round = Promise.resolve();

  const fail = (error: unknown) => {
    failures += 1;
    const hint = error instanceof SipwardenError ? (error.hint ?? '') : '';
    alarms.raise(alarmCode, messageOf(error), hint);
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
      if (isStillWanted()) await withdraw(place);
      throw error;
    }
  };

  /** Of a refused entry nothing older may stay either. */
  const withdraw = async (place: Place) => {
    truth.delete(keyOf(place));
    await settle(place);
  };

  const settleAgain = async (place: Place) => {
    try {
      await settle(place);
    } catch (error) {
      const { set, target, port } = place;
      logger.warn({ set, target, port, reason: messageOf(error) }, 'entry given up');
    }
  };

  const prune = () => {
    for (const [key, { until }] of truth) if (until !== undefined && until <= now()) truth.delete(key);
    pruneAt = Math.max(1_024, 2 * truth.size);
  };

  const reconcile = async () => {
    const failuresBefore = failures;
    try {
      await enforcer.prepare();
      const held = await enforcer.list();
      prune();
      const places = differences(truth, held, now());
      unsettled.clear();
      for (const place of places) unsettled.set(keyOf(place), place);
      for (let start = 0; start < places.length; start += batchSize) {
        await Promise.all(places.slice(start, start + batchSize).map(settleAgain));
      }
    } catch (error) {
      fail(error);
    }
    if (failures > failuresBefore) return;
    nextRetryMs = retryMs.first;
    alarms.clear(alarmCode);
  };

  const repair = () => {
    round = round.then(() => (isStopped ? undefined : reconcile()));
    return round;
  };

  return {
    start(desired) {
      truth.clear();
      for (const entry of desired) truth.set(keyOf(entry), entry);
      return repair();
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

/** Places where the kernel holds too much, too little, or for the wrong time. Whoever is slowed is the kernel's affair. */
function differences(truth: ReadonlyMap<string, Entry>, held: readonly Entry[], now: Time): readonly Place[] {
  const heldByKey = new Map(held.map((entry) => [keyOf(entry), entry]));
  const surplus = held.filter((entry) => !truth.has(keyOf(entry)) && !isLimit(entry.set));
  const wrong = [...truth.values()].filter((wanted) => !agrees(wanted, heldByKey.get(keyOf(wanted)), now));
  return [...surplus, ...wrong];
}

function agrees(wanted: Entry, held: Entry | undefined, now: Time): boolean {
  if (!held) return false;
  if (wanted.until === undefined || held.until === undefined) return wanted.until === held.until;
  const reachable = Math.min(wanted.until, now + maxTimeoutSeconds * 1000);
  return Math.abs(reachable - held.until) <= timeoutTolerance;
}

function isRefusal(error: unknown, { set }: Place): boolean {
  if (!(error instanceof SipwardenError)) return false;
  return refusals.has(error.code) || (set === 'drop' && error.code === 'FIREWALL_SET_FULL');
}

function keyOf({ set, target, port }: Place): string {
  return port ? `${set} ${target} ${port.protocol} ${port.port}` : `${set} ${target}`;
}
