// Real packets of strangers who send too much, and of those who share nothing with them.
import { describe, expect, test } from '@jest/globals';
import { kernelBackEnds } from './kernel-back-ends.ts';
import { openPort, rules, tftpPort, usePacketLink } from './packet-link.ts';
import { testLimit } from './test-rules.ts';

/** So slow that while a test runs no bucket fills again. */
const slow = { perMinute: 6, burst: 5, slowedPerMinute: 1, slowedForSeconds: 600 };
const limited = {
  ...rules,
  tftpPorts: [[tftpPort, tftpPort]] as const,
  limits: [
    testLimit({
      ...slow,
      exceptions: [
        { target: '192.0.2.2', perMinute: 100 },
        { target: '2001:db8:a::/48', perMinute: 100 },
      ],
    }),
    testLimit({ ...slow, name: 'tftp' }),
  ],
};
/** Before a source is over its limit, and when it is slowed: its first packet then passes. */
const most = slow.burst + 2;
const invite = 'INVITE sip:x SIP/2.0';

const counted = {
  ...limited,
  limits: [
    testLimit({
      ...{ ...slow, name: 'packets', burst: 10 },
      exceptions: [
        { target: '192.0.2.2', perMinute: 100 },
        { target: '2001:db8:a::/48', perMinute: 100 },
      ],
    }),
    testLimit({ ...slow }),
  ],
};

describe.each(kernelBackEnds)(
  'a stranger who sends too many packets, with $name',
  ({ missing, create, logged }) => {
    if (missing) {
      test.skip(`is not there: ${missing}`, () => {});
      return;
    }
    const on = usePacketLink((pbx) => create(pbx, counted));

    describe.each([
      ['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.3'],
      ['2001:db8:9::1', '2001:db8:9::/64', '2001:db8:a::1', '2001:db8:b::1'],
    ])('from %s', (source, target, excepted, another) => {
      const family = source.includes(':') ? 6 : 4;

      test('is slowed, put into the set packets, and told of', async () => {
        const arrived = await on.link.arriving(source, { count: 30 });
        expect(arrived).toBeGreaterThanOrEqual(10);
        expect(arrived).toBeLessThanOrEqual(12);
        expect(await on.enforcer.list()).toMatchObject([{ set: 'packets', target }]);
        expect(await logged(on.link.pbx, 'excess-packets', family)).toBeGreaterThan(0);
        expect((await on.enforcer.drops()).limits.packets).toBe(30 - arrived);
      });

      test('may send what he likes to a port that is not protected, such as one of media', async () => {
        expect(await on.link.arriving(source, { port: openPort, count: 30 })).toBe(30);
        expect(await on.enforcer.list()).toEqual([]);
      });

      test('is slowed for INVITEs before, and both sets hold him when he goes on', async () => {
        expect(await on.link.arriving(source, { text: invite, count: 8 })).toBeLessThanOrEqual(most);
        expect(await on.enforcer.list()).toMatchObject([{ set: 'invite', target }]);
        await on.link.arriving(source, { count: 30 });
        expect((await on.enforcer.list()).map(({ set }) => set).toSorted()).toEqual(['invite', 'packets']);
      });

      test('takes nothing from others, and one with a limit of his own may send more', async () => {
        await on.link.arriving(source, { count: 30 });
        expect(await on.link.arriving(another, { count: 10 })).toBe(10);
        expect(await on.link.arriving(excepted, { count: 50 })).toBe(50);
      });

      test.each(['allow', 'shield'] as const)('is not slowed when he is in %s', async (set) => {
        await on.enforcer.add({ set, target });
        expect(await on.link.arriving(source, { count: 30 })).toBe(30);
        expect(await on.enforcer.list()).toMatchObject([{ set, target }]);
      });
    });
  },
);

describe.each(kernelBackEnds)('a stranger who sends too much, with $name', ({ missing, create, logged }) => {
  if (missing) {
    test.skip(`is not there: ${missing}`, () => {});
    return;
  }
  const on = usePacketLink((pbx) => create(pbx, limited));

  const invites = (from: string, count = 20) => on.link.arriving(from, { text: invite, count });
  const requests = (from: string, count = 20) =>
    on.link.arriving(from, { port: tftpPort, text: 'read', count });

  describe.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:9::1', '2001:db8:9::/64'],
  ])('from %s', (source, target) => {
    const family = source.includes(':') ? 6 : 4;
    const another = family === 4 ? '192.0.2.3' : '2001:db8:b::1';

    test('is slowed when he sends INVITEs, put into the set invite, and told of', async () => {
      const arrived = await invites(source);
      expect(arrived).toBeGreaterThanOrEqual(slow.burst);
      expect(arrived).toBeLessThanOrEqual(most);
      expect(await on.enforcer.list()).toMatchObject([{ set: 'invite', target }]);
      expect(await logged(on.link.pbx, 'excess-invite', family)).toBeGreaterThan(0);
      expect((await on.enforcer.drops()).limits.invite).toBe(20 - arrived);
    });

    test('is slowed when he asks for files, put into the set tftp, and told of', async () => {
      const arrived = await requests(source);
      expect(arrived).toBeGreaterThanOrEqual(slow.burst);
      expect(arrived).toBeLessThanOrEqual(most);
      expect(await on.enforcer.list()).toMatchObject([{ set: 'tftp', target }]);
      expect(await logged(on.link.pbx, 'excess-tftp', family)).toBeGreaterThan(0);
      expect((await on.enforcer.drops()).limits.tftp).toBe(20 - arrived);
    });

    test('keeps the slowed rate, after the rules were prepared again too', async () => {
      await invites(source);
      expect(await invites(source, 5)).toBe(0);
      await on.enforcer.prepare();
      expect(await invites(source, 5)).toBeLessThanOrEqual(1);
    });

    test('may send what is no INVITE, and ask for files', async () => {
      await invites(source);
      expect(await on.link.arriving(source)).toBe(5);
      expect(await requests(source, 5)).toBe(5);
    });

    test('takes nothing from others, who send INVITEs meanwhile', async () => {
      await invites(source);
      expect(await invites(another, 5)).toBe(5);
      expect((await on.enforcer.list()).map((entry) => entry.target)).toEqual([target]);
    });

    test('is slowed over TCP as well', async () => {
      await invites(source);
      expect(await on.link.isHeard(source, 7_001, invite)).toBe(false);
      expect(await on.link.isHeard(source, 7_002, 'OPTIONS sip:x SIP/2.0')).toBe(true);
    });

    test.each(['allow', 'shield'] as const)('is not slowed when he is in %s', async (set) => {
      await on.enforcer.add({ set, target });
      expect(await invites(source)).toBe(20);
      expect(await requests(source)).toBe(20);
      expect(await on.enforcer.list()).toMatchObject([{ set, target }]);
    });
  });

  test.each(['192.0.2.2', '2001:db8:a::1'])('has a limit of his own at %s', async (source) => {
    expect(await invites(source, 50)).toBe(50);
    expect(await invites(source, 100)).toBeLessThan(60);
    expect(await on.enforcer.list()).toEqual([]);
    expect(await requests(source)).toBeLessThanOrEqual(most);
  });

  test('shares one budget with all addresses of his /64', async () => {
    await invites('2001:db8:9::1');
    expect(await invites('2001:db8:9::2')).toBe(0);
    expect(await requests('2001:db8:9::2')).toBeLessThanOrEqual(most);
    expect(await requests('2001:db8:9::1')).toBe(0);
  });
});
