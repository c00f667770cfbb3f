// A guest on a bridge of the host: what netfilter sees of it, with and without br_netfilter.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { checkGuests, createGuestBridges } from '../../src/enforce/guest-bridges.ts';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { Enforcer } from '../../src/model/enforcer.ts';
import { createAlarmBoard } from '../../src/report/alarms.ts';
import { missingForNamespaces, type Namespace, openNamespace } from './namespace.ts';
import { linkUp, type Peer, startPeer } from './packet-link.ts';
import { testRules } from './test-rules.ts';

const missing = await missingForNamespaces();
const callsIptables = 'net.bridge.bridge-nf-call-iptables';
const [stranger, honest, guestAddress] = ['192.0.2.1', '192.0.2.2', '192.0.2.10'];

(missing ? describe.skip : describe)(`a bridged guest${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let host: Namespace;
  let outside: Namespace;
  let guest: Namespace;
  let sender: Peer;
  let receiver: Peer;
  let enforcer: Enforcer;
  const alarms = createAlarmBoard({ logger: createLogger('silent', 'test'), now: Date.now });

  beforeAll(async () => {
    [host, outside, guest] = [await openNamespace(), await openNamespace(), await openNamespace()];
    await host.run('ip', ['link', 'add', 'br0', 'type', 'bridge']);
    await host.run('ip', ['link', 'set', 'br0', 'up']);
    for (const [port, { name }] of [
      ['uplink', outside],
      ['vnet0', guest],
    ] as const) {
      await host.run('ip', ['link', 'add', port, 'type', 'veth', 'peer', 'name', 'veth0', 'netns', name]);
      await host.run('ip', ['link', 'set', port, 'master', 'br0', 'up']);
    }
    await linkUp(outside, [stranger!, honest!]);
    await linkUp(guest, [guestAddress!]);
    [receiver, sender] = [await startPeer(guest, [5_060]), await startPeer(outside, [])];
  });
  afterAll(async () => {
    await Promise.all([receiver?.stop(), sender?.stop()]);
    for (const namespace of [host, outside, guest]) await namespace?.remove();
  });
  afterEach(() => enforcer?.teardown());

  const start = async (isCalled: '0' | '1') => {
    await host.run('sysctl', ['-q', '-w', `${callsIptables}=${isCalled}`]);
    const rules = testRules({ guests: ['vnet+'] });
    enforcer = createIpsetEnforcer({ rules, now: Date.now, commandPrefix: host.prefix });
    await enforcer.prepare();
    await checkGuests(rules.guests, { alarms, withAnswers: true }, createGuestBridges(host.prefix));
  };
  const arriving = async (from: string, text: string) => {
    const wire = { to: guestAddress!, port: 5_060 };
    const mark = `mark ${process.hrtime.bigint()}`;
    receiver.lines.length = 0;
    await sender.send({ ...wire, from, text, count: 5 });
    await sender.send({ ...wire, from: honest!, text: mark, count: 1 });
    await receiver.until((line) => line.kind === 'packet' && line.text === mark);
    return receiver.lines.filter((line) => line.kind === 'packet' && line.from === from).length;
  };
  const loggedAnswers = async () => {
    const saved = await host.run('iptables-save', ['-c', '-t', 'raw']);
    const lines = saved.split('\n').filter((line) => /-A SW-GUEST .* -j NFLOG/.test(line));
    return lines.reduce((sum, line) => sum + Number(/^\[(\d+):/.exec(line)?.[1]), 0);
  };

  test('is protected where netfilter is shown bridged packets, and what it answers is seen', async () => {
    await start('1');
    expect(alarms.active()).toEqual([]);
    expect(await enforcer.damage()).toEqual([]);
    expect(await arriving(stranger!, 'answer SIP/2.0 401 Unauthorized\r\n\r\n')).toBe(5);
    expect(await loggedAnswers()).toBe(5);
    await enforcer.add({ set: 'ban', target: stranger! });
    expect(await arriving(stranger!, 'OPTIONS sip:x SIP/2.0')).toBe(0);
  });

  test('is not protected otherwise, and that is said with its cure', async () => {
    await start('0');
    await enforcer.add({ set: 'ban', target: stranger! });
    expect(await arriving(stranger!, 'OPTIONS sip:x SIP/2.0')).toBe(5);
    expect(alarms.active()).toMatchObject([
      {
        code: 'GUESTS_UNSEEN',
        message: expect.stringContaining('vnet0'),
        hint: expect.stringContaining(callsIptables),
      },
    ]);
  });
});
