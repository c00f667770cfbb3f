// What a source had opened before it was blocked: real connections and conntrack flows between two namespaces.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cuttingConnections } from '../../src/enforce/connection-cutter.ts';
import { conntrackLines, ssFilter } from '../../src/enforce/connection-filter.ts';
import { createIpsetEnforcer } from '../../src/enforce/ipset.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { Enforcer } from '../../src/model/enforcer.ts';
import { missingForNamespaces } from './namespace.ts';
import { familyOf, openPacketLink, openPort, type PacketLink, pbxAddress, rules } from './packet-link.ts';
import { testRules } from './test-rules.ts';

const logger = createLogger('silent', 'test');

test('connections are looked for at our protected ports, and never without a condition', () => {
  const ports = testRules({ tcpPorts: [[5_060, 5_061]], udpPorts: [[5_060, 5_060]] });
  expect(ssFilter([{ set: 'ban', target: '192.0.2.1' }], ports)).toBe(
    '( ( dst 192.0.2.1 and ( ( sport >= :5060 and sport <= :5061 ) ) ) )',
  );
  expect(ssFilter([], ports)).toBeUndefined();
  expect(ssFilter([{ set: 'ban', target: '192.0.2.1' }], { ...ports, tcpPorts: [] })).toBeUndefined();
  const udp = { set: 'port', target: '192.0.2.1', port: { protocol: 'udp', port: 7_001 } } as const;
  expect(ssFilter([udp], ports)).toBeUndefined();
  expect(conntrackLines([udp], ports)).toEqual(['-D -f ipv4 -s 192.0.2.1 -p udp --sport 7001 --dport 5060']);
});

test('where bans hold on all ports, connections to all of them end, but not all of a single port', () => {
  const ports = testRules({ banScope: 'all-ports' });
  const ban = { set: 'ban', target: '2001:db8::/64' } as const;
  expect(ssFilter([ban], ports)).toBe('( ( dst [2001:db8::/64] ) )');
  expect(conntrackLines([ban], ports)).toEqual(['-D -f ipv6 -s 2001:db8::/64']);
  const port = { set: 'port', target: '192.0.2.1', port: { protocol: 'tcp', port: 7_001 } } as const;
  expect(ssFilter([port], ports)).toContain('sport');
  expect(conntrackLines([port], ports)).toEqual(['-D -f ipv4 -s 192.0.2.1 -p tcp --sport 7001 --dport 5060']);
});

const missing = await missingForNamespaces();
const topic = 'what a source had opened';

(missing ? describe.skip : describe)(missing ? `${topic} (skipped: ${missing})` : topic, () => {
  let link: PacketLink;
  let enforcer: Enforcer;

  beforeAll(async () => {
    link = await openPacketLink();
    const stateful = 'add rule inet t c ct state established accept';
    const table = 'add table inet t\nadd chain inet t c { type filter hook input priority 0; }';
    await link.pbx.run('nft', ['-f', '-'], `${table}\n${stateful}\n`);
  });
  afterAll(() => link?.close());
  beforeEach(async () => {
    enforcer = cuttingConnections(
      createIpsetEnforcer({ rules, now: () => Date.now(), commandPrefix: link.pbx.prefix }),
      { ports: rules, logger, commandPrefix: link.pbx.prefix },
    );
    await enforcer.prepare();
  });
  afterEach(async () => {
    await enforcer.teardown();
    await enforcer.close();
    await link.sender.send('reset');
  });

  const isCut = (from: string) =>
    link.receiver.lines.some((line) => line.kind === 'cut' && line.from === from);
  const flows = async () =>
    (await link.pbx.run('conntrack', ['-L'])) + (await link.pbx.run('conntrack', ['-L', '-f', 'ipv6']));

  test.each([
    ['192.0.2.1', '192.0.2.1', '192.0.2.2'],
    ['192.0.2.1', '192.0.2.0/31', '192.0.2.2'],
    ['2001:db8:9::1', '2001:db8:9::/64', '2001:db8:a::1'],
  ])('a connection of %s ends when %s is banned, and that of %s goes on', async (source, target, other) => {
    expect(await link.isHeard(source, 7_001)).toBe(true);
    expect(await link.isHeard(other, 7_001)).toBe(true);
    link.receiver.lines.length = 0;
    await enforcer.add({ set: 'ban', target });
    await link.receiver.until((line) => line.kind === 'cut' && line.from === source);
    expect(await link.isHeard(other, 7_001)).toBe(true);
    expect(isCut(other)).toBe(false);
  });

  test('connections of both families end where both are banned at once', async () => {
    const sources = ['192.0.2.1', '2001:db8:9::1'];
    for (const source of sources) expect(await link.isHeard(source, 7_001)).toBe(true);
    link.receiver.lines.length = 0;
    await Promise.all(sources.map((target) => enforcer.add({ set: 'ban', target })));
    for (const source of sources) {
      await link.receiver.until((line) => line.kind === 'cut' && line.from === source);
    }
  });

  test('one connection ends when its port alone is blocked, and the others of the address go on', async () => {
    expect(await link.isHeard('192.0.2.1', 7_001)).toBe(true);
    expect(await link.isHeard('192.0.2.1', 7_002)).toBe(true);
    link.receiver.lines.length = 0;
    await enforcer.add({ set: 'port', target: '192.0.2.1', port: { protocol: 'tcp', port: 7_001 } });
    await link.receiver.until((line) => line.kind === 'cut' && line.fromPort === 7_001);
    expect(await link.isHeard('192.0.2.1', 7_002)).toBe(true);
  });

  test('a connection goes on when evidence that could have been forged drops its source', async () => {
    expect(await link.isHeard('192.0.2.1', 7_001)).toBe(true);
    link.receiver.lines.length = 0;
    await enforcer.add({ set: 'drop', target: '192.0.2.1' });
    await enforcer.close();
    await enforcer.remove({ set: 'drop', target: '192.0.2.1' });
    expect(await link.isHeard('192.0.2.1', 7_001)).toBe(true);
    expect(isCut('192.0.2.1')).toBe(false);
  });

  test.each(['192.0.2.1', '2001:db8:9::1'])(
    'of the flows of %s those that it began to our ports are forgotten, and no other',
    async (source) => {
      const us = pbxAddress[familyOf(source)];
      const send = (peer: typeof link.sender, from: string, to: string, port: number) =>
        peer.send({ from, fromPort: 7_100, to, port, count: 1, text: 'x' });
      await send(link.sender, source, us, 5_060);
      await send(link.sender, source, us, openPort);
      await send(link.receiver, us, source, 5_060);
      await link.arriving(source);
      const flow = (from: string, port: number) =>
        expect.stringMatching(new RegExp(`src=${from} .*sport=7100 dport=${port} `));
      expect(await flows()).toEqual(flow(source, 5_060));
      await enforcer.add({ set: 'ban', target: source });
      await enforcer.close();
      const left = await flows();
      expect(left).not.toEqual(flow(source, 5_060));
      expect(left).toEqual(flow(source, openPort));
      expect(left).toEqual(flow(us, 5_060));
    },
  );

  test('a flow that an ESTABLISHED rule lets in is blocked by a ban at once', async () => {
    expect(await link.arriving('192.0.2.1', { fromPort: 7_001, text: 'answer SIP/2.0 200 OK' })).toBe(5);
    await enforcer.add({ set: 'ban', target: '192.0.2.1' });
    expect(await link.arriving('192.0.2.1', { fromPort: 7_001 })).toBe(0);
  });
});
