// Every limit that the configuration may ask for is one that each kernel takes, and prints again as it took it.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { limitOptions } from '../../src/decide/limit-options.ts';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { createNftablesEnforcer } from '../../src/enforce/nftables.ts';
import { type LimitSettings, refillMs, tableLimit } from '../../src/enforce/rule-settings.ts';
import { limitSettings } from '../../src/limit-settings.ts';
import { limitNames } from '../../src/model/enforcer.ts';
import type { SourceLimit } from '../../src/model/source-limit.ts';
import { linkLegacyIptables } from './legacy-iptables.ts';
import { missingForNamespaces, type Namespace, openNamespace } from './namespace.ts';
import { testRules } from './test-rules.ts';

const missing = await missingForNamespaces(['iptables', 'ipset', 'nft', 'iptables-legacy']);

const least = {
  ...{ invite_per_second: 1, invite_burst: 1, invite_slowed_per_minute: 1, invite_slowed_for: '1s' },
  ...{ tftp_per_minute: 1, tftp_slowed_per_minute: 1, tftp_slowed_for: '1s' },
  ...{ packets_per_second: 1, packets_burst: 1, packets_slowed_per_second: 1, packets_slowed_for: '1s' },
};
const most = {
  ...{ invite_per_second: 1_000, invite_burst: 10_000, invite_slowed_per_minute: 10_000 },
  ...{ tftp_per_minute: 10_000, tftp_slowed_per_minute: 10_000 },
  ...{ packets_per_second: 100_000, packets_burst: 100_000, packets_slowed_per_second: 100_000 },
  ...{ invite_slowed_for: '1d', tftp_slowed_for: '1d', packets_slowed_for: '1d' },
};
const bounds: readonly (readonly [string, object])[] = [
  ['at the defaults', {}],
  ['at the least', least],
  ['at the most', most],
  ['of long bursts', { ...least, invite_burst: 60, packets_burst: 60 }],
];
/** As much as a person may give one source. */
const own = limitNames.flatMap((limit) =>
  ['192.0.2.2', '2001:db8:a::/48'].map(
    (target): SourceLimit => ({ limit, target, perMinute: 6_000_000, note: '', author: 'test', time: 0 }),
  ),
);
const tableOf = (limit: LimitSettings) => tableLimit(refillMs(limit));
const limitsOf = (some: object) => limitSettings(limitOptions.parse(some), own);

test.each(bounds)(
  'limits %s let a thousand new sources a second be counted, and no table fill',
  (_name, some) => {
    for (const { perSecond, burst, expireMs, collectMs, tableMax } of limitsOf(some).map(tableOf)) {
      expect(perSecond).toBeGreaterThan(1_000);
      expect(burst + (perSecond * (expireMs + collectMs)) / 1_000).toBeLessThan(tableMax);
    }
  },
);

(missing ? describe.skip : describe).each(['iptables-nft', 'iptables-legacy', 'nftables'])(
  'a kernel spoken to by %s',
  (program) => {
    let namespace: Namespace;
    let folder: string;
    beforeEach(async () => {
      namespace = await openNamespace();
      folder = await linkLegacyIptables();
    });
    afterEach(async () => {
      await namespace.remove();
      await rm(folder, { recursive: true });
    });

    test.each(bounds)('takes limits %s, and finds nothing damaged', async (_name, some) => {
      const path = program === 'iptables-legacy' ? `${folder}:${process.env.PATH}` : process.env.PATH;
      const create = program === 'nftables' ? createNftablesEnforcer : createIpsetEnforcer;
      const rules = testRules({ tftpPorts: [[69, 69]], limits: limitsOf(some) });
      const commandPrefix = [...namespace.prefix, 'env', `PATH=${path}`];
      const enforcer = create({ rules, now: Date.now, commandPrefix });
      await enforcer.prepare();
      expect(await enforcer.damage()).toEqual([]);
      expect(Object.keys((await enforcer.drops()).limits).toSorted()).toEqual(limitNames.toSorted());
      await enforcer.close();
    });
  },
);
