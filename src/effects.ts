// What the decisions of the flow do: kernel first, then the disk and the log. A ban never waits for the disk.

import type { ShieldChange } from './decide/shield.ts';
import type { Reconciler } from './enforce/reconciler.ts';
import type { Logger } from './lib/logger.ts';
import type { Network } from './model/address.ts';
import type { Alarms } from './model/alarm.ts';
import type { Attack } from './model/attack.ts';
import { blocks, type Decision } from './model/decision.ts';
import type { Entry, Place } from './model/enforcer.ts';
import { messageOf, SipwardenError } from './model/error.ts';
import type { Tell } from './model/happening.ts';
import type { Observation } from './model/observation.ts';
import type { ShieldKind } from './model/shield-entry.ts';
import { isoTime, type Time } from './model/time.ts';
import type { Store } from './store/store.ts';

/** A growing attack is written at most this often. Milliseconds. */
const settleMs = 1_000;

/**
 * What happens outside because of what the flow decided. None of these may throw; the flow waits for none. What a
 * person ordered is done when the promise resolves.
 */
export interface Effects {
  block(decision: Decision): Promise<void>;
  /** These places of the target, and with `isWhole` all else that is in force against it. */
  unblock(target: Network, places: readonly Place[], by: string, isWhole: boolean): Promise<void>;
  /** Somebody is to be put out of the PBX; `expelled` says who, while it is so. */
  expel(): void;
  shield(change: ShieldChange): void;
  /** An attack record is new or has grown. */
  report(attack: Attack, isNewDecision: boolean): void;
  /** A person must know of this one at once. */
  alarm(attack: Attack): void;
  /** A source that is banned still reaches the PBX. */
  passed(ban: Decision, observation: Observation): void;
  /** Many accounts come from one private address: nobody behind it can be told apart. */
  collapsed(address: Network): void;
}

export interface EffectsParts {
  /** Asked each time: a changed firewall configuration brings another one. */
  readonly reconciler: () => Reconciler;
  readonly store: Store;
  readonly passed: Effects['passed'];
  readonly expel: Effects['expel'];
  readonly alarms: Alarms;
  readonly tell: Tell;
  readonly logger: Logger;
  readonly now: () => Time;
}

export function createEffects({
  reconciler,
  store,
  passed,
  expel,
  alarms,
  tell,
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
      const isBlocked = decision.enforced && blocks(decision.action);
      logger.info(logged(decision), isBlocked ? 'blocked' : 'not blocked');
      tell({ kind: 'decided', decision });
      const kernel = isBlocked ? [settled(reconciler().set(entryOf(decision)))] : [];
      return carryOut('block', [...kernel, store.saveDecision(decision)]);
    },
    unblock(target, places, by, isWhole) {
      logger.info({ target, places, by }, 'unblocked');
      tell({ kind: 'unblocked', time: now(), target, places, isWhole, by });
      const whole = (isWhole ? (['order', 'ban', 'drop'] as const) : []).map((set) => ({ set, target }));
      const lifted = [...whole, ...places].map((place) => settled(reconciler().unset(place)));
      const ended = isWhole ? [store.endDecisionsOf(target, now(), by)] : [];
      return carryOut('unblock', [...lifted, ...ended]);
    },
    shield({ changed, gone, passes }) {
      const kernel = passes.map(({ target, until, isOver }) =>
        isOver
          ? reconciler().unset({ set: 'shield', target })
          : reconciler().set({ set: 'shield', target, ...(until !== undefined && { until }) }),
      );
      const stored = changed.filter(({ kind }) => remembered.has(kind)).map(store.saveShield);
      const forgotten = gone.filter(({ kind }) => remembered.has(kind)).map(store.removeShield);
      void carryOut('shield', [...kernel, ...stored, ...forgotten]).catch(() => undefined);
    },
    report(attack, isNewDecision) {
      growing.set(attack.id, attack);
      tell({ kind: 'attacked', attack });
      if (isNewDecision) void flush();
      else settling ??= setTimeout(() => void flush(), settleMs);
    },
    alarm({ attack, source, action, evidence: { counted } }) {
      alarms.raise(
        `ATTACK_${attack.replaceAll('-', '_').toUpperCase()}`,
        `${attack} from ${source}: ${counted.count} ${counted.what}`,
        `"sipwarden explain ${source}" shows all of it; where it was not the owner, change the password now` +
          (action === 'expel'
            ? `. It is put out of the PBX meanwhile; where it was the owner: sipwarden unban ${source}`
            : ''),
      );
    },
    passed,
    expel,
    collapsed(address) {
      alarms.raise(
        'ADDRESS_COLLAPSED',
        `many of our phones and an attacker come from the private address ${address}: it is never banned, so the attacker is not stopped either`,
        'let the PBX see who is who: run its container with the network of the host, or have the proxy pass addresses on',
      );
    },
  };
}

/** What outlives a restart; calls, logins and gateways are there or are not. */
const remembered: ReadonlySet<ShieldKind> = new Set(['phone', 'trunk']);

/** The place of a decision in the firewall. Only for decisions that block. */
export function entryOf({ action, target, port, limit, until, cause }: Decision): Entry {
  const lasting = { target, ...(until !== undefined && { until }) };
  if (action === 'port-ban') return { set: 'port', ...lasting, ...(port && { port }) };
  if (limit) return { set: limit, ...lasting };
  if (action === 'drop') return { set: 'drop', ...lasting };
  return { set: cause.kind === 'manual' ? 'order' : 'ban', ...lasting };
}

/** Rejects with FIREWALL_PENDING. */
export async function settled(settling: Promise<'enforced' | 'pending'>): Promise<void> {
  if ((await settling) === 'enforced') return;
  throw new SipwardenError(
    'FIREWALL_PENDING',
    'recorded, but the firewall has not taken it yet; it is tried again until it does',
    {
      hint: 'see the alarm in "sipwarden status"',
    },
  );
}

function logged({ until, enforced: _, time: __, ...decision }: Decision) {
  return { ...decision, ...(until !== undefined && { until: isoTime(until) }) };
}
