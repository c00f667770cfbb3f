// How the store is: one alarm while it cannot write, one for what was lost for good, and the numbers behind both.
import type { Logger } from '../lib/logger.ts';
import type { Alarms } from '../model/alarm.ts';
import { hintOf, messageOf } from '../model/error.ts';
import type { Time } from '../model/time.ts';

export interface StoreHealth {
  readonly state: 'live' | 'failing';
  readonly since: Time;
  /** One line for a person. */
  readonly detail: string;
  readonly counters: Readonly<Record<string, number>>;
}

export interface StoreHealthParts {
  readonly logger: Logger;
  readonly alarms: Alarms;
  readonly now: () => Time;
  /** The write queue's. */
  readonly counters: () => { readonly waiting: number } & Readonly<Record<string, number>>;
}

export function createStoreHealth({ logger, alarms, now, counters }: StoreHealthParts) {
  let failure: string | undefined;
  let since = now();
  let damagedRows = 0;

  const well = () => {
    if (failure === undefined) return;
    failure = undefined;
    since = now();
    alarms.clear('STORE_FAILING');
    logger.info({ counters: counters() }, 'store writes again');
  };

  return {
    well,
    failing(error: unknown) {
      const hint = hintOf(error);
      if (failure === undefined) since = now();
      failure = messageOf(error);
      alarms.raise(
        'STORE_FAILING',
        `nothing can be stored: ${failure}; protection goes on from memory, ${counters().waiting} writes are waiting`,
        hint || 'it is tried again by itself; look at the log and at the disk of the database',
      );
    },
    opened(movedAside: string | undefined) {
      if (movedAside !== undefined) {
        alarms.raise(
          'STORE_CORRUPT',
          `the database was damaged; a new one was made, and the old one is ${movedAside}`,
          'allowlist and denylist are empty now: fill them again; then delete the damaged file',
        );
      }
      if (counters().waiting === 0) well();
    },
    damaged(statement: string, count: number) {
      if (count === 0) return;
      damagedRows += count;
      alarms.raise(
        'STORE_DAMAGED_ROWS',
        `${damagedRows} damaged rows of the database were left out (last seen by ${statement})`,
        'somebody changed the database by hand, or the disk is failing',
      );
    },
    closed(lost: number) {
      if (lost > 0) logger.error({ lost }, 'store closed with writes that never reached the disk');
    },
    report: (): StoreHealth => ({
      state: failure === undefined ? 'live' : 'failing',
      since,
      detail: failure ?? 'writes are durable when they are acknowledged',
      counters: { ...counters(), damagedRows },
    }),
  };
}
