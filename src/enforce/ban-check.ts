// Bans that are verified: whoever is banned and still gets through is noticed. First the firewall is repaired; what that
// does not cure, and a port that no rule of ours covers, is an alarm.
import type { Network, Peer } from '../model/address.ts';
import type { Alarms } from '../model/alarm.ts';
import type { Transport } from '../model/observation.ts';
import type { Time } from '../model/time.ts';
import type { RuleSettings } from './rule-settings.ts';

/** A packet of a banned source that reached the PBX. */
export interface Passage {
  readonly target: Network;
  readonly time: Time;
  readonly transport: Transport;
  /** The port of ours that it reached. */
  readonly local: Peer;
}

export interface BanCheck {
  passed(passage: Passage): void;
  stop(): void;
}

export interface BanCheckParts {
  readonly rules: RuleSettings;
  /** Makes the kernel hold again what it should. */
  repair(): Promise<unknown>;
  readonly alarms: Alarms;
  readonly now: () => Time;
}

const alarmCode = 'BAN_NOT_BITING';
/** What was under way when the firewall was repaired may still arrive. Milliseconds. */
const settlingMs = 2_000;
/** One repair cures, or none will for so long. Milliseconds. */
const curedForMs = 30_000;
/** The alarm ends when nobody who is banned got through for so long. Milliseconds. */
const quietMs = 600_000;

export function createBanCheck({ rules, repair, alarms, now }: BanCheckParts): BanCheck {
  let repairing = false;
  let repairedAt = Number.NEGATIVE_INFINITY;
  let quiet: NodeJS.Timeout | undefined;

  const tryRepair = async () => {
    repairing = true;
    await repair();
    repairing = false;
    repairedAt = now();
  };
  const raise = (message: string, hint: string) => {
    alarms.raise(alarmCode, message, hint);
    clearTimeout(quiet);
    quiet = setTimeout(() => alarms.clear(alarmCode), quietMs).unref();
  };

  return {
    passed({ target, time, transport, local }) {
      const port = `${transport} port ${local.port}`;
      if (!isCovered(rules, transport, local.port)) {
        raise(
          `${target} is banned, and still reaches ${port}, which is not protected`,
          `add it to the ports in [protect], or set [firewall] ban_scope = "all-ports"`,
        );
        return;
      }
      if (repairing) return;
      const sinceRepair = time - repairedAt;
      if (sinceRepair > curedForMs) void tryRepair();
      else if (sinceRepair > settlingMs) {
        raise(
          `${target} is banned, and still reaches ${port}`,
          'something lets it in before our rules see it: look at the tables raw of iptables and at nft for rules of others, and for a proxy between',
        );
      }
    },
    stop: () => clearTimeout(quiet),
  };
}

/** Whether bans hold there. */
function isCovered(
  { banScope, udpPorts, tcpPorts, tftpPorts }: RuleSettings,
  transport: Transport,
  port: number,
): boolean {
  const ranges = transport === 'udp' ? [...udpPorts, ...tftpPorts] : tcpPorts;
  return banScope === 'all-ports' || ranges.some(([first, last]) => first <= port && port <= last);
}
