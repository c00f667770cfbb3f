// Real requests with the text of a known scanner: only iptables can look for it.
import { describe, expect, test } from '@jest/globals';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { createNftablesEnforcer } from '../../src/enforce/nftables.ts';
import { missingForNamespaces } from './namespace.ts';
import { rules, usePacketLink } from './packet-link.ts';

const missing = await missingForNamespaces();
const hot = { ...rules, hotTexts: ['friendly-scanner', 'sipvicious'] };
const request = (method: string, agent: string) =>
  `${method} sip:100@192.0.2.254 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\nUser-Agent: ${agent}\r\n\r\n`;

(missing ? describe.skip : describe)(
  missing ? `a known scanner (skipped: ${missing})` : 'a known scanner',
  () => {
    const on = usePacketLink((pbx) =>
      createIpsetEnforcer({ rules: hot, now: Date.now, commandPrefix: pbx.prefix }),
    );

    describe.each(['192.0.2.1', '2001:db8:9::1'])('at %s', (source) => {
      test.each([
        ['OPTIONS', 'friendly-scanner'],
        ['REGISTER', 'Friendly-Scanner/0.2'],
        ['INVITE', 'SIPVicious'],
      ])('does not get its first %s through, as %s', async (method, agent) => {
        expect(await on.link.arriving(source, { text: request(method, agent) })).toBe(0);
        const { hot: dropped } = await on.enforcer.drops();
        expect(Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBe(5);
        expect(await on.enforcer.list()).toEqual([]);
      });

      test('does not get its first request through over TCP', async () => {
        expect(await on.link.isHeard(source, 7_001, request('OPTIONS', 'FRIENDLY-scanner'))).toBe(false);
        expect(await on.link.isHeard(source, 7_002, request('OPTIONS', 'a phone'))).toBe(true);
      });

      test('is one phone among others where it is shielded', async () => {
        await on.enforcer.add({ set: 'shield', target: source });
        expect(await on.link.arriving(source, { text: request('OPTIONS', 'friendly-scanner') })).toBe(5);
        expect((await on.enforcer.drops()).hot).toEqual({ 'friendly-scanner': 0, sipvicious: 0 });
      });

      test('is no scanner by what somebody else writes', async () => {
        expect(await on.link.arriving(source, { text: request('OPTIONS', 'friendly phone') })).toBe(5);
      });
    });
  },
);

test('nftables says that it does not look for scanners, where there are any to look for', () => {
  const notices = (some: typeof hot) => createNftablesEnforcer({ rules: some, now: Date.now }).notices();
  expect(notices(hot)).toEqual([expect.stringContaining('hot_signatures')]);
  expect(notices({ ...hot, hotTexts: [] })).toEqual([]);
});
