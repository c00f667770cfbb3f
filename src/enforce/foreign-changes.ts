// That others change what is ours is told once, not at each repair, and no more when they have left it alone for a while.
import type { Logger } from '../lib/logger.ts';
import type { Alarms } from '../model/alarm.ts';

export interface ForeignChanges {
  /** What was missing or too much, and is repaired. */
  report(damage: readonly string[]): void;
  /** Repairs so far. */
  count(): number;
  stop(): void;
}

const alarmCode = 'FIREWALL_CHANGED_BY_OTHERS';
/** Milliseconds. */
const quietAfterMs = 600_000;
const most = 4;
const hint =
  'find out what loads firewall rules here (firewalld, ufw, Docker, fail2ban, a script with iptables-restore, "ipset flush" or "nft flush ruleset") and have it leave the table raw, the chains SIPWARDEN and SW-*, and the sets sw-* alone';

export function createForeignChanges({
  alarms,
  logger,
}: {
  readonly alarms: Alarms;
  readonly logger: Logger;
}): ForeignChanges {
  let count = 0;
  let sinceQuiet = 0;
  let quiet: NodeJS.Timeout | undefined;
  const calmDown = () => {
    sinceQuiet = 0;
    alarms.clear(alarmCode);
  };
  return {
    report(damage) {
      count += 1;
      sinceQuiet += 1;
      logger.warn({ damage, repairs: count }, 'the firewall was changed by others, and is repaired');
      const times = sinceQuiet === 1 ? 'once' : `${sinceQuiet} times`;
      alarms.raise(
        alarmCode,
        `another program changed what is ours in the firewall (${times}; repaired each time). The last time it was: ${inShort(damage)}`,
        hint,
      );
      clearTimeout(quiet);
      quiet = setTimeout(calmDown, quietAfterMs).unref();
    },
    count: () => count,
    stop() {
      clearTimeout(quiet);
      calmDown();
    },
  };
}

function inShort(damage: readonly string[]): string {
  const more = damage.length > most ? ` and ${damage.length - most} more` : '';
  return `${damage.slice(0, most).join(', ')}${more}`;
}
