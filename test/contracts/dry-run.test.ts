// The contract in memory.
import { expect, test } from '@jest/globals';
import { createDryRunEnforcer } from '../../src/enforce/dry-run.ts';
import type { Entry } from '../../src/model/enforcer.ts';
import { describeEnforcer } from './enforcer-contract.ts';

function openDryRun() {
  const clock = { time: 1_700_000_000_000 };
  const enforcer = createDryRunEnforcer({ now: () => clock.time });
  return {
    enforcer,
    clock,
    async members() {
      return (await enforcer.list()).map(({ until, ...place }) => ({
        ...place,
        seconds: until === undefined ? 0 : Math.ceil((until - clock.time) / 1_000),
      }));
    },
    async dispose() {},
  };
}

describeEnforcer('dry-run', async () => openDryRun());

test.each<Entry>([
  { set: 'drop', target: '192.0.2.1' },
  { set: 'order', target: '192.0.2.1' },
  { set: 'port', target: '192.0.2.1', port: { protocol: 'udp', port: 7_001 } },
])('a full set $set takes no more until something in it runs out', async (entry) => {
  const { enforcer, clock } = openDryRun();
  await enforcer.prepare();
  const until = clock.time + 1_000;
  for (let index = 0; index < 65_536; index += 1) {
    await enforcer.add({ ...entry, target: `10.0.${index >> 8}.${index & 255}`, until });
  }
  const late = { ...entry, until: until + 1_000 };
  await expect(enforcer.add(late)).rejects.toMatchObject({ code: 'FIREWALL_SET_FULL' });
  clock.time = until;
  await enforcer.add(late);
  expect(await enforcer.list()).toEqual([late]);
});
