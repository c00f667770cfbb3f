// Records for the store's tests, and an alarm board that can be read back.
import type { Logger } from '../../src/lib/logger.ts';
import type { Alarms } from '../../src/model/alarm.ts';
import type { Attack } from '../../src/model/attack.ts';
import type { Decision } from '../../src/model/decision.ts';

export const logger = { info() {}, warn() {}, error() {}, debug() {} } as unknown as Logger;

export function createAlarms(): Alarms & { active: Map<string, string>; raised: string[] } {
  const active = new Map<string, string>();
  const raised: string[] = [];
  return {
    active,
    raised,
    raise(code, message) {
      active.set(code, message);
      raised.push(code);
    },
    clear: (code) => void active.delete(code),
  };
}

export function decision(id: string, more: Partial<Decision> = {}): Decision {
  return {
    id,
    time: 1_000,
    target: '192.0.2.7',
    action: 'ban',
    until: 5_000,
    cause: { kind: 'detection', attack: 'registration-bruteforce', proof: 'proven' },
    reason: 'the evidence proves the address: ban for 1h',
    offence: 1,
    enforced: true,
    ...more,
  };
}

export function attack(id: string, more: Partial<Attack> = {}): Attack {
  return {
    id,
    source: '2001:db8:1:2::/64',
    country: 'DE',
    autonomousSystem: { number: 64_496, name: 'Example "AG"' },
    attack: 'registration-bruteforce',
    proof: 'proven',
    firstTime: 900,
    lastTime: 1_000,
    messages: 12,
    victims: [{ address: '198.51.100.1', port: 5060 }],
    evidence: {
      counted: { what: 'failed authentications', count: 11, limit: 10, withinMs: 600_000 },
      sensors: { packets: 11, ami: 9 },
      transports: ['udp'],
      accounts: ['100', `'; DROP TABLE attacks; -- \u0000"`],
      values: [],
      callIds: ['a@b'],
      userAgents: ['sipvicious \u0000'],
      inventedNonces: 2,
      proofs: [
        { by: 'nonce-echo', seenBy: 'packets', messages: 11, firstTime: 900, lastTime: 950, until: 32_950 },
      ],
    },
    action: 'ban',
    until: 5_000,
    reason: 'the evidence proves the address: ban for 1h',
    ...more,
  };
}
