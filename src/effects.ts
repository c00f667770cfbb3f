// What the decisions of the flow do: kernel first, then the disk and the log. A ban never waits for the disk.
import type { Reconciler } from './enforce/reconciler.ts';
import type { Logger } from './lib/logger.ts';
import type { Attack } from './model/attack.ts';
import type { Decision } from './model/decision.ts';
import type { Entry } from './model/enforcer.ts';
import { messageOf, SipwardenError } from './model/error.ts';
import type { Time } from './model/time.ts';
import { isoTime } from './model/time.ts';
import type { Effects } from './pipeline.ts';
import type { Store } from './store/store.ts';

/** A growing attack is written at most this often. Milliseconds. */
const settleMs = 1_000;

export interface EffectsParts {
  /** Asked each time: a changed firewall configuration brings another one. */
  readonly reconciler: () => Reconciler;
  readonly store: Store;
  readonly logger: Logger;
  readonly now: () => Time;
}

export function createEffects({
  reconciler,
  store,
  logger,
  now,
}: EffectsParts): Effects & { flush(): Promise<void> } {
  const growing = new Map<string, Attack>();
  let settling: NodeJS.Timeout | undefined;

  const flush = async () => {
    clearTimeout(settling);
    settling = undefined;
    const attacks = [...growing.values()];
    growing.clear();
    await Promise.allSettled(attacks.map((attack) => store.saveAttack(attack)));
  };

  /** The one who ordered it may wait for it; nobody has to. What fails is logged here and tried again by its owner. */
  const carryOut = (what: string, work: Promise<unknown>[]): Promise<void> => {
    const done = Promise.all(work).then(() => undefined);
    done.catch((error) => logger.warn({ what, reason: messageOf(error) }, 'not carried out yet'));
    return done;
  };

  return {
    flush,
    block(decision) {
      logger.info(logged(decision), decision.enforced ? 'blocked' : 'not blocked');
      const kernel = decision.enforced ? [settled(reconciler().set(entryOf(decision)))] : [];
      return carryOut('block', [...kernel, store.saveDecision(decision)]);
    },
    unblock(target, by) {
      logger.info({ target, by }, 'unblocked');
      const places = (['ban', 'drop'] as const).map((set) => settled(reconciler().unset({ set, target })));
      return carryOut('unblock', [...places, store.endDecisionsOf(target, now(), by)]);
    },
    shield(entry) {
      const { address, until } = entry;
      void carryOut('shield', [
        reconciler().set({ set: 'shield', target: address, until }),
        store.saveShield(entry),
      ]);
    },
    unshield(entries) {
      for (const { address } of entries) {
        void carryOut('unshield', [
          reconciler().unset({ set: 'shield', target: address }),
          store.removeShield(address),
        ]);
      }
    },
    report(attack, _decision, isNewDecision) {
      growing.set(attack.id, attack);
      if (isNewDecision) void flush();
      else settling ??= setTimeout(() => void flush(), settleMs);
    },
  };
}

/** The place of a decision in the firewall. Only for decisions that block. */
export function entryOf({ action, target, until }: Decision): Entry {
  return { set: action === 'ban' ? 'ban' : 'drop', target, ...(until !== undefined && { until }) };
}

async function settled(settling: Promise<'enforced' | 'pending'>): Promise<void> {
  if ((await settling) === 'enforced') return;
  throw new SipwardenError(
    'FIREWALL_PENDING',
    'recorded, but the firewall has not taken it yet; it is tried again until it does',
    {
      hint: 'see the alarm in "sipwarden status"',
    },
  );
}

function logged({ id, target, action, until, cause, reason, offence }: Decision) {
  return {
    id,
    target,
    action,
    ...(until !== undefined && { until: isoTime(until) }),
    cause,
    reason,
    offence,
  };
}
