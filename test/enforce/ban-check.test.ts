// A banned source that gets through is noticed: the firewall is repaired, and what that does not cure is an alarm.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createBanCheck, type Passage } from '../../src/enforce/ban-check.ts';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { createReconciler } from '../../src/enforce/reconciler.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { createAlarmBoard } from '../../src/report/alarms.ts';
import { waitFor } from '../wait-for.ts';
import { missingForNamespaces, openNamespace } from './namespace.ts';
import { testRules } from './test-rules.ts';

const logger = createLogger('silent', 'test');
const rules = testRules({ udpPorts: [[5_060, 5_060]], tcpPorts: [[5_061, 5_061]], tftpPorts: [[69, 69]] });

const passage = (some: Partial<Passage> = {}): Passage => ({
  target: '192.0.2.1',
  time: 100_000,
  transport: 'udp',
  local: { address: '198.51.100.1', port: 5_060 },
  ...some,
});

describe('a banned source that gets through', () => {
  let clock: { time: number };
  let repairs: number;
  let alarms: ReturnType<typeof createAlarmBoard>;
  let check: ReturnType<typeof createBanCheck>;

  const open = (changes = {}) => {
    clock = { time: 100_000 };
    repairs = 0;
    alarms = createAlarmBoard({ logger, now: () => clock.time });
    const repair = async () => {
      repairs += 1;
    };
    check = createBanCheck({ rules: { ...rules, ...changes }, repair, alarms, now: () => clock.time });
  };
  beforeEach(() => open());
  afterEach(() => check.stop());
  const pass = async (time: number, some: Partial<Passage> = {}) => {
    clock.time = time;
    check.passed(passage({ time, ...some }));
    await new Promise(setImmediate);
  };

  test('has the firewall repaired once, and nothing more is said where that cures it', async () => {
    for (let index = 0; index < 50; index += 1) await pass(100_000 + index);
    expect(repairs).toBe(1);
    await pass(101_000);
    expect(alarms.active()).toEqual([]);
  });

  test('is an alarm within ten seconds where the repair does not cure it', async () => {
    for (let time = 100_000; time < 110_000; time += 500) await pass(time);
    expect(repairs).toBe(1);
    expect(alarms.active()).toMatchObject([
      { code: 'BAN_NOT_BITING', message: expect.stringContaining('192.0.2.1'), hint: expect.any(String) },
    ]);
  });

  test('has the firewall repaired anew when it happens much later', async () => {
    await pass(100_000);
    await pass(200_000);
    expect(repairs).toBe(2);
    expect(alarms.active()).toEqual([]);
  });

  test.each([
    ['tls', 5_071],
    ['udp', 5_061],
    ['tcp', 5_060],
  ] as const)(
    'over %s at port %i, which is not protected, is told with that cure',
    async (transport, port) => {
      await pass(100_000, { transport, local: { address: '198.51.100.1', port } });
      expect(repairs).toBe(0);
      expect(alarms.active()).toMatchObject([
        {
          message: expect.stringContaining(`${transport} port ${port}`),
          hint: expect.stringContaining('[protect]'),
        },
      ]);
    },
  );

  test('at any port is a case for repair where bans hold on all ports', async () => {
    open({ banScope: 'all-ports' });
    await pass(100_000, { transport: 'wss', local: { address: '198.51.100.1', port: 8_089 } });
    expect(repairs).toBe(1);
    expect(alarms.active()).toEqual([]);
  });
});

const missing = await missingForNamespaces();
(missing ? test.skip : test)(
  'a set that somebody emptied is whole again when one of its members gets through',
  async () => {
    const namespace = await openNamespace();
    const alarms = createAlarmBoard({ logger, now: Date.now });
    const enforcer = createIpsetEnforcer({ rules, now: Date.now, commandPrefix: namespace.prefix });
    const reconciler = createReconciler({ enforcer, alarms, now: Date.now, logger });
    const check = createBanCheck({ rules, repair: reconciler.repair, alarms, now: Date.now });
    try {
      await reconciler.start([{ set: 'ban', target: '192.0.2.1', until: Date.now() + 600_000 }]);
      await namespace.run('ipset', ['flush', 'sw-ban4']);
      check.passed(passage({ time: Date.now() }));
      await waitFor('the ban is back', async () => (await namespace.members()).length === 1);
      expect(await namespace.members()).toMatchObject([{ set: 'ban', target: '192.0.2.1' }]);
    } finally {
      check.stop();
      await reconciler.stop();
      await enforcer.close();
      await namespace.remove();
    }
  },
);
