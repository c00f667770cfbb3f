// Where good and bad share an address, less than the address is blocked: a failing phone is named, the port that
// attacks is closed, or a person is asked.

import { describeRadius } from '../model/blast-radius.ts';
import type { Attempt, Detection, Endpoint } from '../model/detection.ts';
import { failingPhonesAmong } from './failing-phones.ts';
import { portOf } from './shield.ts';
import type { Verdict, VerdictParts } from './verdict.ts';

/** A port with less than this share of the messages is one of many that the attacker changes through. */
const leastShare = 1 / 4;

export function blockBelowAddress(detection: Detection, parts: VerdictParts): Verdict {
  const { shield, options, recentPortBans, isAsked, isPortBlocked } = parts;
  const { source, time, attack, attempts, evidence } = detection;
  const behind = describeRadius(shield.blastRadius(source, time));
  const phones =
    attack === 'registration-bruteforce' ? failingPhonesAmong(attempts, options().stale_phone_pause) : [];
  const isBlocked = ({ from }: Attempt) =>
    isPortBlocked(from.address, portOf(from.port, from.transport), time);
  const isOfPhone = ({ account }: Attempt) => phones.some((phone) => phone.account === account);
  const ports = loudestPorts(attempts.filter((attempt) => !isBlocked(attempt) && !isOfPhone(attempt)));
  const [worst] = ports;
  const messages = ports.reduce((sum, port) => sum + port.messages, 0);

  if (!worst || messages <= evidence.counted.limit) {
    const [phone] = phones;
    if (phone) {
      const reason = `one phone with a wrong password; ${behind} behind the address are fine`;
      return { action: 'stale-phone', target: source, phone, reason };
    }
    const reason = 'what attacked is blocked already';
    const blocked = attempts.findLast(isBlocked)?.from;
    if (!blocked) return { action: 'notice', target: source, reason };
    return {
      action: 'port-ban',
      target: blocked.address,
      port: portOf(blocked.port, blocked.transport),
      reason,
    };
  }
  const port = portOf(worst.from.port, worst.from.transport);
  const isUnknown = port.port === 0;
  const isUsed = isUnknown || shield.usesPort(worst.from.address, port, time);
  const isOften = recentPortBans(source, time) >= options().port_bans;
  const isScattered = worst.messages < messages * leastShare;
  if ((isUsed || isOften || isScattered) && !isAsked(source, time)) {
    const why = isUnknown
      ? 'nobody said which port'
      : isUsed
        ? 'a phone, trunk or call uses the very port'
        : 'several ports of it attacked';
    return { action: 'held', target: source, reason: `${why}; ${behind} would be cut off: a person decides` };
  }
  if (isUsed) {
    const reason = `a person was asked about it; ${behind} would be cut off`;
    return { action: 'notice', target: source, reason };
  }
  const reason = `${port.protocol} port ${port.port} alone: ${behind} are behind the address`;
  return { action: 'port-ban', target: worst.from.address, port, reason };
}

interface LoudPort {
  readonly from: Endpoint;
  messages: number;
}

/** The loudest first; of what several sensors saw of one port, the most that one of them saw. */
function loudestPorts(attempts: readonly Attempt[]): LoudPort[] {
  const bySensor = new Map<string, LoudPort>();
  for (const { from, sensor, messages } of attempts) {
    const key = `${keyOf(from)} ${sensor}`;
    const port = bySensor.get(key) ?? { from, messages: 0 };
    bySensor.set(key, port);
    port.messages += messages;
  }
  const ports = new Map<string, LoudPort>();
  for (const port of bySensor.values()) {
    const key = keyOf(port.from);
    if (port.messages > (ports.get(key)?.messages ?? 0)) ports.set(key, port);
  }
  return [...ports.values()].toSorted((one, other) => other.messages - one.messages);
}

function keyOf({ address, port, transport }: Endpoint): string {
  return `${address} ${transport} ${port}`;
}
