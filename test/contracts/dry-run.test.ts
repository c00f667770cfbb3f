// The contract in memory.
import { expect, test } from '@jest/globals';
import { createDryRunEnforcer } from '../../src/enforce/dry-run.ts';
import { describeEnforcer } from './enforcer-contract.ts';

function openDryRun() {
  const clock = { time: 1_700_000_000_000 };
  const enforcer = createDryRunEnforcer({ now: () => clock.time });
  return {
    enforcer,
    clock,
    async members() {
      return (await enforcer.list()).map(({ set, target, until }) => ({
        set,
        target,
        seconds: until === undefined ? 0 : Math.ceil((until - clock.time) / 1_000),
      }));
    },
    async dispose() {},
  };
}

describeEnforcer('dry-run', async () => openDryRun());

test('a full set takes no more until something in it runs out', async () => {
  const { enforcer, clock } = openDryRun();
  await enforcer.prepare();
  const until = clock.time + 1_000;
  for (let index = 0; index < 65_536; index += 1) {
    await enforcer.add({ set: 'drop', target: `10.0.${index >> 8}.${index & 255}`, until });
  }
  const late = { set: 'drop', target: '192.0.2.1', until: until + 1_000 } as const;
  await expect(enforcer.add(late)).rejects.toMatchObject({ code: 'FIREWALL_SET_FULL' });
  clock.time = until;
  await enforcer.add(late);
  expect(await enforcer.list()).toEqual([late]);
});
