// Where rules hold, with real packets: on every port, and for the guests of the host.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Enforcer } from '../../src/model/enforcer.ts';
import { kernelBackEnds } from './kernel-back-ends.ts';
import { arrivingAtGuest, type Guest, openGuest } from './packet-guest.ts';
import { clean, familyOf, openPacketLink, openPort, type PacketLink, rules } from './packet-link.ts';

const sources = ['192.0.2.1', '2001:db8:9::1'];

describe.each(kernelBackEnds)('with $name', ({ missing, create, logged }) => {
  if (missing) {
    test.skip(`nothing is sent: ${missing}`, () => {});
    return;
  }
  let link: PacketLink;
  let guest: Guest;
  let enforcer: Enforcer;

  beforeAll(async () => {
    link = await openPacketLink();
    guest = await openGuest(link);
  });
  afterAll(async () => {
    await guest?.close();
    await link?.close();
  });
  afterEach(() => enforcer.teardown());

  describe.each(sources)('bans of %s that hold on all ports', (source) => {
    beforeEach(async () => {
      enforcer = create(link.pbx, { ...rules, banScope: 'all-ports' });
      await enforcer.prepare();
    });
    const atOpenPort = () => link.arriving(source, { port: openPort });

    test.each(['deny', 'order', 'ban'] as const)(
      'close the ports that are not protected (%s)',
      async (set) => {
        expect(await atOpenPort()).toBe(5);
        await enforcer.add({ set, target: source });
        expect(await atOpenPort()).toBe(0);
        expect(await link.arriving(source)).toBe(0);
      },
    );

    test('close them to every address of a network', async () => {
      await enforcer.add({ set: 'ban', target: familyOf(source) === 4 ? '192.0.2.0/27' : '2001:db8:9::/48' });
      expect(await atOpenPort()).toBe(0);
    });

    test('leave them open to a drop, which evidence that can be forged makes', async () => {
      await enforcer.add({ set: 'drop', target: source });
      expect(await atOpenPort()).toBe(5);
      expect(await link.arriving(source)).toBe(0);
    });

    test.each(['allow', 'shield'] as const)('leave every port open to who is in %s', async (set) => {
      await enforcer.add({ set: 'ban', target: source });
      await enforcer.add({ set, target: source });
      expect(await atOpenPort()).toBe(5);
      expect(await link.arriving(source)).toBe(5);
    });
  });

  describe.each(sources)('a guest whom %s asks', (source) => {
    const family = familyOf(source);
    beforeEach(async () => {
      enforcer = create(link.pbx, { ...rules, guests: ['gst+'] });
      await enforcer.prepare();
    });
    const asking = (text: string, fromPort = 0) =>
      arrivingAtGuest(link, guest, { from: source, fromPort, clean: clean[family], text });

    test('is protected as the host itself is', async () => {
      expect(await asking('OPTIONS sip:x SIP/2.0')).toBe(5);
      expect(await logged(link.pbx, 'requests', family)).toBe(6);
      await enforcer.add({ set: 'ban', target: source });
      expect(await asking('OPTIONS sip:x SIP/2.0')).toBe(0);
    });

    test('answers, and that is logged as what a guest says', async () => {
      await asking('answer SIP/2.0 401 Unauthorized\r\n\r\n');
      await asking('OPTIONS sip:x SIP/2.0');
      expect(await logged(link.pbx, 'guest-answers', family)).toBe(5);
      expect(await logged(link.pbx, 'requests', family)).toBe(12);
    });

    test('said nothing where somebody outside forges its answers', async () => {
      expect(await asking('SIP/2.0 401 Unauthorized\r\n\r\n', 5_060)).toBe(5);
      expect(await logged(link.pbx, 'guest-answers', family)).toBe(0);
      expect(await logged(link.pbx, 'challenges', family)).toBe(0);
      expect(await logged(link.pbx, 'requests', family)).toBe(6);
    });
  });
});
