// Forced changes, made until confirmed: each is on the disk before it is made, and undone when nobody confirms it in time,
// or at the next start. It knows how to wait, not how to undo.

import { createDeadlineTimer } from './lib/deadline-timer.ts';
import type { Logger } from './lib/logger.ts';
import type { Change } from './model/change.ts';
import { messageOf, SipwardenError } from './model/error.ts';
import type { Time } from './model/time.ts';
import type { Store } from './store/store.ts';

export interface Changes {
  /** Resolves when it is durable; only then may the change be made. Rejects with CHANGE_NOT_RECORDED. */
  begin(change: Omit<Change, 'id'>): Promise<Change>;
  /** All of them where no id is given. Rejects with NOTHING_TO_CONFIRM. */
  confirm(id?: string): Promise<readonly Change[]>;
  waiting(): readonly Change[];
  /** Goes on waiting, without an end, for those that were undone and may still be confirmed. */
  resume(changes: readonly Change[]): void;
  /** Nobody needs to confirm these any more: they were taken back. */
  withdraw(kind: Change['kind']): Promise<void>;
  stop(): void;
}

export interface ChangesParts {
  readonly store: Pick<Store, 'saveChange' | 'removeChange'>;
  /** Makes it as it was before; may be called again after a failure. */
  readonly undo: (change: Change) => Promise<void>;
  /** Somebody confirmed it, in time or after it was undone. */
  readonly confirmed: (change: Change) => Promise<void>;
  readonly logger: Logger;
  readonly now: () => Time;
  readonly newId: () => string;
}

/** After an undo that failed. Milliseconds. */
const retryMs = 5_000;
const never = 8_640_000_000_000_000;

export function createChanges({ store, undo, confirmed, logger, now, newId }: ChangesParts): Changes {
  const waiting = new Map<string, Change>();

  const giveUp = async (change: Change): Promise<void> => {
    const { id, kind, target, hits } = change;
    waiting.delete(id);
    try {
      await undo(change);
      logger.warn({ id, kind, target, hits }, 'change undone: nobody confirmed it');
      // The configuration still says what was undone, so this one waits on, over restarts too.
      if (kind === 'mode') waiting.set(id, { ...change, until: never });
      else await store.removeChange(id);
    } catch (error) {
      logger.error({ id, kind, target, reason: messageOf(error) }, 'change not undone yet');
      waiting.set(id, { ...change, until: now() + retryMs });
      timer.rearm();
    }
  };
  const timer = createDeadlineTimer({
    nextDeadline: () =>
      waiting.size === 0 ? undefined : Math.min(...[...waiting.values()].map(({ until }) => until)),
    wake() {
      for (const change of [...waiting.values()]) if (change.until <= now()) void giveUp(change);
    },
    now,
  });

  return {
    async begin(parts) {
      const change = { ...parts, id: newId() };
      await store.saveChange(change).catch((cause: unknown) => {
        throw new SipwardenError(
          'CHANGE_NOT_RECORDED',
          `nothing was changed: it could not be recorded (${messageOf(cause)})`,
          { hint: 'see the alarm in "sipwarden status", and try again', cause },
        );
      });
      waiting.set(change.id, change);
      timer.rearm();
      return change;
    },
    async confirm(id) {
      const found = [...waiting.values()].filter((change) => id === undefined || change.id === id);
      if (found.length === 0) {
        throw new SipwardenError('NOTHING_TO_CONFIRM', 'no such change waits for a confirmation', {
          hint: '"sipwarden unconfirmed" lists those that do; one that waited too long was undone',
        });
      }
      for (const change of found) {
        waiting.delete(change.id);
        await store.removeChange(change.id);
        await confirmed(change);
        logger.info({ id: change.id, kind: change.kind, target: change.target }, 'change confirmed');
      }
      return found;
    },
    waiting: () => [...waiting.values()],
    resume(changes) {
      for (const change of changes) waiting.set(change.id, { ...change, until: never });
    },
    async withdraw(kind) {
      for (const change of [...waiting.values()].filter((each) => each.kind === kind)) {
        waiting.delete(change.id);
        await store.removeChange(change.id);
      }
    },
    stop: timer.stop,
  };
}
