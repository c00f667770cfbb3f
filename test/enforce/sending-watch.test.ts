// Who is blocked and still sends, as the kernel's counters tell.
import { describe, expect, test } from '@jest/globals';
import { createSendingWatch } from '../../src/enforce/sending-watch.ts';
import type { HeldEntry } from '../../src/model/enforcer.ts';
import { kernelBackEnds } from './kernel-back-ends.ts';
import { rules, usePacketLink } from './packet-link.ts';

const ban = (some: Partial<HeldEntry> = {}): HeldEntry => ({
  set: 'ban',
  target: '192.0.2.1',
  until: 1_000,
  packets: 5,
  ...some,
});

describe('a blocked source', () => {
  test('sends where its counter moved between two readings', () => {
    const watch = createSendingWatch();
    watch.read([ban()], 2_000);
    expect(watch.isSending(ban())).toBe(false);
    watch.read([ban({ packets: 6 })], 2_000);
    expect(watch.isSending(ban())).toBe(true);
    watch.read([ban({ packets: 6 })], 2_000);
    expect(watch.isSending(ban())).toBe(false);
  });

  test('that has longer to go, or never ends, is not looked at', () => {
    const watch = createSendingWatch();
    for (const packets of [1, 2]) watch.read([ban({ packets, until: 9_000 })], 2_000);
    expect(watch.isSending(ban())).toBe(false);
  });

  test('of another set is another', () => {
    const watch = createSendingWatch();
    for (const packets of [1, 2]) watch.read([ban({ packets }), ban({ packets, set: 'order' })], 2_000);
    expect(watch.isSending(ban({ set: 'order' }))).toBe(false);
    expect(watch.isSending(ban({ set: 'drop' }))).toBe(false);
  });
});

describe.each(kernelBackEnds)('in the kernel, with $name', ({ missing, create }) => {
  if (missing) {
    test.skip(`nothing is sent: ${missing}`, () => {});
    return;
  }
  const on = usePacketLink((pbx) => create(pbx, rules));

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:9::1', '2001:db8:9::/64'],
  ])('a banned %s that sends is told from one that is quiet', async (source, target) => {
    const watch = createSendingWatch();
    const until = Date.now() + 600_000;
    await on.enforcer.add({ set: 'ban', target, until });
    await on.enforcer.add({ set: 'ban', target: '198.51.100.9', until });
    const read = async () => watch.read(await on.enforcer.list(), until + 10_000);
    await on.link.arriving(source);
    await read();
    await on.link.arriving(source);
    await read();
    expect(watch.isSending({ set: 'ban', target })).toBe(true);
    expect(watch.isSending({ set: 'ban', target: '198.51.100.9' })).toBe(false);
    await read();
    expect(watch.isSending({ set: 'ban', target })).toBe(false);
  });
});
