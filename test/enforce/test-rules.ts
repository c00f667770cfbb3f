// Rules as the tests need them: a test names what it is about.
import type { LimitSettings, RuleSettings } from '../../src/enforce/rule-settings.ts';

export function testRules(some: Partial<RuleSettings> = {}): RuleSettings {
  return {
    udpPorts: [[5_060, 5_062]],
    tcpPorts: [[5_060, 5_060]],
    tftpPorts: [],
    banScope: 'protected-ports',
    guests: [],
    nflogGroup: 7,
    logLimitPerSecond: 50,
    hotTexts: [],
    limits: [],
    ...some,
  };
}

export function testLimit(some: Partial<LimitSettings> = {}): LimitSettings {
  return {
    name: 'invite',
    perMinute: 600,
    burst: 20,
    slowedPerMinute: 60,
    slowedForSeconds: 60,
    exceptions: [],
    ...some,
  };
}
