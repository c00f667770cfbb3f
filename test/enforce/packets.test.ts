// Real packets between two namespaces: an attacker's and that of the PBX, where the rules stand.
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { SetName, SourcePort } from '../../src/model/enforcer.ts';
import { kernelBackEnds } from './kernel-back-ends.ts';
import { clean, familyOf, openPort, pbxAddress, rules, unreadPort, usePacketLink } from './packet-link.ts';

describe.each(kernelBackEnds)('packets, with $name', ({ missing, create, logged }) => {
  if (missing) {
    test.skip(`are not sent: ${missing}`, () => {});
    return;
  }
  const on = usePacketLink((pbx) => create(pbx, rules));

  const put = async (...sets: readonly SetName[]) => {
    for (const set of sets) {
      await on.enforcer.add({ set, target: '192.0.2.1' });
      await on.enforcer.add({ set, target: '2001:db8:9::/64' });
    }
  };
  const putPort = (target: string, protocol: SourcePort['protocol'], port: number) =>
    on.enforcer.add({ set: 'port', target, port: { protocol, port } });
  /** Datagrams to ports where nobody listens, since the namespace was made. */
  const arrivedUnread = async (): Promise<number> => {
    const [, names = '', values = ''] =
      /^(Udp: .*)\n(Udp: .*)$/m.exec(await on.link.pbx.run('cat', ['/proc/net/snmp'])) ?? [];
    return Number(values.split(' ')[names.split(' ').indexOf('NoPorts')]);
  };

  describe.each(['192.0.2.1', '2001:db8:9::1'])('of %s', (source) => {
    test('arrive where nothing is known of it', async () => {
      expect(await on.link.arriving(source)).toBe(5);
    });

    test.each(['deny', 'order', 'ban', 'drop'] as const)('are dropped when it is in %s', async (set) => {
      await put(set);
      expect(await on.link.arriving(source)).toBe(0);
      expect(await on.link.arriving(source, { port: 5_061 })).toBe(0);
    });

    test('arrive again when its ban is lifted', async () => {
      await put('ban');
      await on.enforcer.remove({ set: 'ban', target: '192.0.2.1' });
      await on.enforcer.remove({ set: 'ban', target: '2001:db8:9::/64' });
      expect(await on.link.arriving(source)).toBe(5);
    });

    test('arrive at ports that are not protected although it is banned', async () => {
      await put('ban', 'order', 'deny', 'drop');
      expect(await on.link.arriving(source, { port: openPort })).toBe(5);
    });

    test('arrive when it is shielded although it is in ban and drop', async () => {
      await put('ban', 'drop', 'shield');
      expect(await on.link.arriving(source)).toBe(5);
    });

    test.each(['deny', 'order'] as const)(
      'are dropped when it is in %s although it is shielded',
      async (set) => {
        await put('shield', set);
        expect(await on.link.arriving(source)).toBe(0);
      },
    );

    test('arrive when it is allowed although it is in every set that blocks', async () => {
      await put('deny', 'order', 'ban', 'drop', 'allow');
      await putPort(source, 'udp', 7_001);
      await putPort(source, 'tcp', 7_001);
      expect(await on.link.arriving(source, { fromPort: 7_001 })).toBe(5);
      expect(await on.link.isHeard(source, 7_001)).toBe(true);
    });

    test('reach the sidecar unless they are dropped', async () => {
      const family = familyOf(source);
      await on.link.arriving(source);
      expect(await logged(on.link.pbx, 'requests', family)).toBe(6);
      await put('ban');
      await on.link.arriving(source);
      expect(await logged(on.link.pbx, 'requests', family)).toBe(7);
      await put('shield');
      await on.link.arriving(source);
      expect(await logged(on.link.pbx, 'requests', family)).toBe(13);
    });

    test('are dropped after the rules were prepared again, too', async () => {
      await put('ban');
      await on.enforcer.prepare();
      expect(await on.link.arriving(source)).toBe(0);
    });
  });

  describe.each(['192.0.2.1', '2001:db8:9::1'])('of the shielded %s', (source) => {
    beforeEach(() => put('shield', 'ban'));

    test('are dropped from a blocked udp port, and arrive from every other', async () => {
      await putPort(source, 'udp', 7_001);
      expect(await on.link.arriving(source, { fromPort: 7_001 })).toBe(0);
      expect(await on.link.arriving(source, { fromPort: 7_001, port: 5_061 })).toBe(0);
      expect(await on.link.arriving(source, { fromPort: 7_002 })).toBe(5);
      expect(await on.link.isHeard(source, 7_001)).toBe(true);
    });

    test('are dropped from a blocked udp port in fragments as well', async () => {
      const text = 'INVITE '.repeat(500);
      await putPort(source, 'udp', 7_001);
      expect(await on.link.arriving(source, { fromPort: 7_001, text })).toBe(0);
      expect(await on.link.arriving(source, { fromPort: 7_002, text })).toBe(5);
    });

    test('are dropped from a blocked tcp port, and arrive from every other', async () => {
      await putPort(source, 'tcp', 7_001);
      expect(await on.link.isHeard(source, 7_001)).toBe(false);
      expect(await on.link.isHeard(source, 7_002)).toBe(true);
      expect(await on.link.arriving(source, { fromPort: 7_001 })).toBe(5);
    });

    test('are dropped from a blocked tcp port although its connection stands', async () => {
      expect(await on.link.isHeard(source, 7_001)).toBe(true);
      expect(await on.link.isHeard(source, 7_002)).toBe(true);
      await putPort(source, 'tcp', 7_001);
      expect(await on.link.isHeard(source, 7_001)).toBe(false);
      expect(await on.link.isHeard(source, 7_002)).toBe(true);
    });

    test('arrive from a port that is free again, while another stays blocked', async () => {
      await putPort(source, 'udp', 7_001);
      await putPort(source, 'udp', 7_002);
      await on.enforcer.remove({ set: 'port', target: source, port: { protocol: 'udp', port: 7_001 } });
      expect(await on.link.arriving(source, { fromPort: 7_001 })).toBe(5);
      expect(await on.link.arriving(source, { fromPort: 7_002 })).toBe(0);
    });

    test('arrive from a blocked port at ports that are not protected', async () => {
      await putPort(source, 'udp', 7_001);
      expect(await on.link.arriving(source, { fromPort: 7_001, port: openPort })).toBe(5);
    });

    test('do not reach the sidecar from a blocked port', async () => {
      const family = familyOf(source);
      await putPort(source, 'udp', 7_001);
      await on.link.arriving(source, { fromPort: 7_001 });
      expect(await logged(on.link.pbx, 'requests', family)).toBe(1);
    });
  });

  test.each([
    ['192.0.2.1', '192.0.2.2'],
    ['2001:db8:9::1', '2001:db8:9::2'],
  ])('of a neighbour of %s arrive from a port that is blocked for that one', async (source, neighbour) => {
    await putPort(source, 'udp', 7_001);
    expect(await on.link.arriving(source, { fromPort: 7_001 })).toBe(0);
    expect(await on.link.arriving(neighbour, { fromPort: 7_001 })).toBe(5);
  });

  test('of a neighbour of a banned address arrive', async () => {
    await put('ban');
    expect(await on.link.arriving('192.0.2.2')).toBe(5);
    expect(await on.link.arriving('2001:db8:a::1')).toBe(5);
  });

  test('of every address in a banned /64 are dropped', async () => {
    await put('ban');
    expect(await on.link.arriving('2001:db8:9::2')).toBe(0);
  });

  test('of every address in a banned network are dropped', async () => {
    await on.enforcer.add({ set: 'ban', target: '192.0.2.0/25' });
    expect(await on.link.arriving('192.0.2.1')).toBe(0);
    expect(await on.link.arriving('192.0.2.2')).toBe(0);
  });

  test.each([4, 6] as const)(
    'of ours reach the sidecar when they are SIP answers (IPv%d)',
    async (family) => {
      const from = clean[family];
      const ask = (text: string) =>
        on.link.sender.send({ from, to: pbxAddress[family], port: 5_060, count: 1, text: `answer ${text}` });
      const answers = ['100 Trying', '200 OK', '403 Forbidden', '4010 Odd'];
      for (const status of answers) await ask(`SIP/2.0 ${status}\r\n\r\n`);
      for (const other of ['SIP/2.0 302 Moved\r\n\r\n', 'OPTIONS sip:x SIP/2.0\r\n\r\n', 'SIP'])
        await ask(other);
      await on.link.arriving(from);
      expect(await logged(on.link.pbx, 'answers', family)).toBe(answers.length);
    },
  );

  test.each([4, 6] as const)(
    'of ours that challenge reach the sidecar however many they are (IPv%d)',
    async (family) => {
      const from = clean[family];
      const packet = { from, to: pbxAddress[family], port: 5_060, count: 40 };
      for (const status of ['401', '407', '401', '407', '401']) {
        await on.link.sender.send({ ...packet, text: `answer SIP/2.0 ${status} Anything\r\n\r\n` });
        await on.link.arriving(from);
      }
      expect(await logged(on.link.pbx, 'challenges', family)).toBe(200);
    },
    30_000,
  );

  test.each([4, 6] as const)('of ours reach the sidecar when they are SYN-ACKs (IPv%d)', async (family) => {
    const connect = `require('node:net').connect(5060, '${pbxAddress[family]}').on('connect', () => process.exit())`;
    await on.link.outside.run(process.execPath, ['-e', connect]);
    expect(await logged(on.link.pbx, 'handshakes', family)).toBe(1);
  });

  test('of one loud source reach the sidecar up to its limit only, and all arrive', async () => {
    const arrivedBefore = await arrivedUnread();
    const startTime = Date.now();
    await on.link.sender.send({
      from: '192.0.2.1',
      to: pbxAddress[4],
      port: unreadPort,
      count: 1_000,
      text: 'x',
    });
    const seconds = (Date.now() - startTime) / 1_000;
    expect(await on.link.arriving('192.0.2.2')).toBe(5);
    expect((await arrivedUnread()) - arrivedBefore).toBe(1_000);
    const taken = await logged(on.link.pbx, 'requests', 4);
    expect(taken).toBeGreaterThanOrEqual(100);
    expect(taken).toBeLessThanOrEqual(100 + 50 * (seconds + 1) + 6);
  });
});
