// Real answers of a server of files, which leave from a port of their own: only the first one to somebody who asked is
// handed to the sidecar, and no media.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Enforcer } from '../../src/model/enforcer.ts';
import { kernelBackEnds } from './kernel-back-ends.ts';
import { arrivingAtGuest, type Guest, guestAddress, openGuest } from './packet-guest.ts';
import {
  clean,
  familyOf,
  openPacketLink,
  type PacketLink,
  pbxAddress,
  rules,
  tftpPort,
} from './packet-link.ts';

const serving = { ...rules, tftpPorts: [[tftpPort, tftpPort]] as const };
const request = '\0\u0001000413aabbcc.cfg\0octet\0';
const firstBlock = '\0\u0003\0\u0001secret';
const notFound = '\0\u0005\0\u0001File not found\0';
const options = '\0\u0006tsize\x00042\0';
const clientPort = 7_001;

describe.each(kernelBackEnds)('our answer to a request, with $name', ({ missing, create, logged }) => {
  if (missing) {
    test.skip(`is not there: ${missing}`, () => {});
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
  beforeEach(async () => {
    enforcer = create(link.pbx, serving);
    await enforcer.prepare();
  });
  afterEach(() => enforcer.teardown());

  const ask = (source: string) =>
    link.arriving(source, { port: tftpPort, fromPort: clientPort, text: request, count: 1 });
  const send = (to: string, text: string, port = clientPort, count = 1) =>
    link.receiver.send({ from: pbxAddress[familyOf(to)], to, port, text, count });

  describe.each(['192.0.2.1', '2001:db8:9::1'])('to %s', (source) => {
    const handed = () => logged(link.pbx, 'file-answers', familyOf(source));

    test.each([
      ['the first block', firstBlock],
      ['that there is none', notFound],
      ['the options', options],
    ])('is handed on when it is %s', async (_, text) => {
      await ask(source);
      await send(source, text);
      expect(await handed()).toBe(1);
    });

    test.each([
      ['a later block', '\0\u0003\0\u0002secret'],
      ['another error', '\0\u0005\0\0whatever'],
      ['media', '\u0000\u0080'.repeat(80)],
    ])('is not when it is %s', async (_, text) => {
      await ask(source);
      await send(source, text);
      expect(await handed()).toBe(0);
    });

    test('is not when it goes to another port, or when nobody asked', async () => {
      await send(source, firstBlock);
      await ask(source);
      await send(source, firstBlock, clientPort + 1);
      expect(await handed()).toBe(0);
    });

    test.each(['allow', 'shield'] as const)('is handed on to who is in %s too', async (set) => {
      await enforcer.add({ set, target: source });
      await ask(source);
      await send(source, notFound);
      expect(await handed()).toBe(1);
    });

    test('is not to who is banned, as he could not ask', async () => {
      await enforcer.add({ set: 'ban', target: source });
      await ask(source);
      await send(source, notFound);
      expect(await handed()).toBe(0);
    });
  });

  test.each(['192.0.2.1', '2001:db8:9::1'])('is handed on when a guest answers %s', async (source) => {
    const family = familyOf(source);
    const guarding = create(link.pbx, { ...serving, guests: ['gst+'] });
    await guarding.prepare();
    const [from, to] = [source, guestAddress[family]];
    await link.sender.send({ from, fromPort: clientPort, to, port: tftpPort, text: request, count: 1 });
    await arrivingAtGuest(link, guest, { from, clean: clean[family], text: 'OPTIONS' });
    for (const text of [firstBlock, '\0\u0003\0\u0002later']) {
      await guest.peer.send({ from: to, to: from, port: clientPort, text, count: 1 });
    }
    expect(await logged(link.pbx, 'guest-file-answers', family)).toBe(1);
    await guarding.close();
  });
});
