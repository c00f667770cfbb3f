import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createDecoder, type DecoderOptions } from '../../src/capture/decoder.ts';
import { createPcapReader } from '../../src/capture/pcap-reader.ts';
import {
  ethernet,
  ipv4,
  ipv4Fragment,
  ipv6,
  ipv6Fragment,
  nflog,
  pbx,
  pcapFile,
  phone,
  request,
  tcp,
  udp,
} from './frames.ts';

const fixtures = new URL('../../fixtures/captures/', import.meta.url);
const names = readdirSync(fixtures).filter((name) => name.endsWith('.pcap'));
const register = request('REGISTER');
const notProtected = 'not a protected port';

interface Decoded {
  readonly messages: string[];
  readonly discards: Record<string, number>;
  packets: number;
}

/** A message is written as: direction, transport, source > destination, first word of the text, proof. */
function decode(file: Buffer, options: Partial<DecoderOptions> = {}, chunk = file.length): Decoded {
  const decoded: Decoded = { messages: [], discards: {}, packets: 0 };
  const discard = (reason: string) => {
    decoded.discards[reason] = (decoded.discards[reason] ?? 0) + 1;
  };
  const decoder = createDecoder({
    isProtected: (use, port) => port === (use === 'tftp' ? 69 : 5060),
    onMessage: ({ direction, transport, source, destination, bytes, isConnectionProven }) => {
      const between = [source, destination].map(({ address, port }) => `${address} ${port}`).join(' > ');
      const word = /^\S+( \d+)?/.exec(bytes.toString('latin1'))?.[0];
      decoded.messages.push(
        `${direction} ${transport} ${between} ${word}${isConnectionProven ? ' proven' : ''}`,
      );
    },
    discard,
    ...options,
  });
  const reader = createPcapReader({ onPacket: decoder.packet, onDiscard: discard });
  for (let at = 0; at < file.length; at += chunk) reader.push(file.subarray(at, at + chunk));
  reader.end();
  decoded.packets = decoder.counters.packets;
  return decoded;
}

const capture = (name: string) => readFileSync(new URL(name, fixtures));
const decodePackets = (packets: Buffer[], options: Partial<DecoderOptions> & { linkType?: number } = {}) =>
  decode(
    pcapFile(
      packets.map((data) => ({ data })),
      { linkType: options.linkType ?? 101 },
    ),
    options,
  );

/** What a phone and the PBX said to each other in the recordings: three requests, three answers. */
const udpTalk = (there: string, here: string, [inward, outward]: readonly string[]) =>
  ['OPTIONS', 'REGISTER', 'REGISTER'].flatMap((method) => [
    `${inward} udp ${there} 5070 > ${here} 5060 ${method}`,
    `${outward} udp ${here} 5060 > ${there} 5070 SIP/2.0 401`,
  ]);

/** One message in three segments; then two and one with a body in one segment. */
const tcpTalk = (there: string, here: string, [inward, outward]: readonly string[], proof: string) => {
  const request = (method: string) => `${inward} tcp ${there} > ${here} 5060 ${method}${proof}`;
  const answer = `${outward} tcp ${here} 5060 > ${there} SIP/2.0 401`;
  return [request('REGISTER'), answer, request('OPTIONS'), request('OPTIONS'), request('INVITE'), answer];
};

const known = ['in', 'out'];
const unknown = ['unknown', 'unknown'];
const v4 = ['192.0.2.2', '192.0.2.1'] as const;
const v6 = ['2001:db8::2', '2001:db8::1'] as const;

/** The phone's port was chosen by the kernel. */
const withoutClientPort = (message: string) => message.replace(/( tcp .*[.:]2) \d+/, '$1');

describe('real captures', () => {
  test('Ethernet, IPv4 and IPv6', () => {
    expect(decode(capture('ethernet-udp.pcap'))).toEqual({
      messages: [...udpTalk(...v4, unknown), ...udpTalk(...v6, unknown)],
      discards: { 'udp: a keep-alive': 2 },
      packets: 14,
    });
  });

  test('Linux cooked, which knows the direction', () => {
    expect(decode(capture('cooked-v1.pcap'))).toEqual({
      messages: udpTalk(...v4, known),
      discards: { 'udp: a keep-alive': 1 },
      packets: 7,
    });
  });

  test('Linux cooked v2, with a connection that is proven', () => {
    const { messages, discards } = decode(capture('cooked-v2.pcap'));
    expect(messages.map(withoutClientPort)).toEqual([
      ...udpTalk(...v4, known),
      ...tcpTalk(...v6, known, ' proven'),
    ]);
    expect(discards).toEqual({ 'udp: a keep-alive': 1 });
  });

  test('NFLOG: what a rule of ours logged in its own hook, and nothing that an outsider made look like ours', () => {
    const { messages, discards } = decode(capture('nflog.pcap'));
    expect(messages.map(withoutClientPort)).toEqual([
      ...udpTalk(...v4, known),
      ...tcpTalk(...v4, known, ' proven'),
      ...tcpTalk(...v6, known, ' proven'),
    ]);
    expect(discards).toEqual({
      'udp: a keep-alive': 1,
      'nflog: logged by no rule of ours, or in a hook where ours is not': 1,
    });
  });

  test('TCP without a direction is read and proves nothing', () => {
    const { messages, discards } = decode(capture('ethernet-tcp.pcap'));
    expect(messages.map(withoutClientPort)).toEqual(tcpTalk(...v4, unknown, ''));
    expect(discards).toEqual({});
  });

  test('the same with our own addresses named: directions are known and the connection is proven', () => {
    const { messages } = decode(capture('ethernet-tcp.pcap'), { isLocal: (address) => address === v4[1] });
    expect(messages.map(withoutClientPort)).toEqual(tcpTalk(...v4, known, ' proven'));
  });

  test('datagrams in three fragments, IPv4 and IPv6', () => {
    const talk = ([there, here]: readonly string[]) => [
      `unknown udp ${there} 5070 > ${here} 5060 REGISTER`,
      `unknown udp ${here} 5060 > ${there} 5070 SIP/2.0 401`,
    ];
    expect(decode(capture('ethernet-fragments.pcap'))).toEqual({
      messages: [...talk(v4), ...talk(v6)],
      discards: {},
      packets: 8,
    });
  });

  test('raw IP of a tunnel device', () => {
    const talk = [
      'unknown udp 198.51.100.2 5070 > 198.51.100.1 5060 REGISTER',
      'unknown udp 198.51.100.1 5060 > 198.51.100.2 5070 SIP/2.0 401',
    ];
    expect(decode(capture('raw-ip.pcap')).messages).toEqual([...talk, ...talk]);
  });

  test.each(names)('chunks of any size give the same messages: %s', (name) => {
    const file = capture(name);
    const whole = decode(file);
    expect(whole.messages.length).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), (chunk) => {
        expect(decode(file, {}, chunk)).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });
});

describe('a packet that was one too many', () => {
  const excesses = (packets: Buffer[]) => {
    const found: object[] = [];
    const onExcess = (excess: object) => void found.push(excess);
    const { messages, discards } = decodePackets(packets, { linkType: 239, onExcess });
    return { found, messages, discards };
  };

  test.each([
    ['tftp', 'udp', 69],
    ['invite', 'tcp', 5060],
  ] as const)('of %s is told with its addresses, and is no message', (limit, transport, to) => {
    const payload = transport === 'udp' ? udp('x', { from: 7001, to }) : tcp('x', { from: 7001, to });
    const packet = ipv4(transport === 'udp' ? 17 : 6, payload, { source: phone, destination: pbx });
    expect(excesses([nflog(packet, { prefix: `sw-${limit}` })])).toEqual({
      found: [
        {
          time: expect.any(Number),
          limit,
          transport,
          source: { address: phone, port: 7001 },
          destination: { address: pbx, port: to },
        },
      ],
      messages: [],
      discards: {},
    });
  });

  test('is no message of the next packet', () => {
    const { found, messages } = excesses([
      nflog(ipv4(17, udp(register)), { prefix: 'sw-invite' }),
      nflog(ipv4(17, udp(register))),
    ]);
    expect(found).toHaveLength(1);
    expect(messages).toHaveLength(1);
  });

  test('that is cut or of another protocol is counted', () => {
    const { found, discards } = excesses([
      nflog(ipv4(17, udp('x')).subarray(0, 22), { prefix: 'sw-tftp' }),
      nflog(ipv4(1, udp('x')), { prefix: 'sw-tftp' }),
    ]);
    expect(found).toEqual([]);
    expect(Object.values(discards).reduce((sum, count) => sum + count, 0)).toBe(2);
  });
});

describe('ports', () => {
  const toUs = ipv4(17, udp(register));
  const fromUs = ipv4(17, udp('SIP/2.0 200 OK\r\n\r\n', { from: 5060, to: 5070 }), {
    source: pbx,
    destination: phone,
  });

  test('a request to a protected port is a message only where it came in', () => {
    expect(decodePackets([nflog(toUs)], { linkType: 239 }).messages).toHaveLength(1);
    const out = decodePackets([nflog(toUs, { prefix: 'sw-out', hook: 3 })], { linkType: 239 });
    expect(out).toMatchObject({ messages: [], discards: { [notProtected]: 1 } });
  });

  test('what leaves a protected port is a message only where it went out', () => {
    expect(
      decodePackets([nflog(fromUs, { prefix: 'sw-out', hook: 3 })], { linkType: 239 }).messages,
    ).toHaveLength(1);
    const incoming = decodePackets([nflog(fromUs)], { linkType: 239 });
    expect(incoming).toMatchObject({ messages: [], discards: { [notProtected]: 1 } });
  });

  test('UDP and TCP ports are told apart', () => {
    const isProtected = (transport: string, port: number) => transport === 'tcp' && port === 5060;
    const { messages, discards } = decodePackets([toUs, ipv4(6, tcp(register))], { isProtected });
    expect(messages).toEqual([`unknown tcp ${phone} 40000 > ${pbx} 5060 REGISTER`]);
    expect(discards).toEqual({ [notProtected]: 1 });
  });
});

describe('TFTP', () => {
  const request = ipv4(17, udp('\0\u0001a.cfg\0octet\0', { from: 2_069, to: 69 }));
  const fromAnyPort = (text: string) =>
    ipv4(17, udp(text, { from: 41_234, to: 2_069 }), { source: pbx, destination: phone });
  const answer = fromAnyPort('\0\u0003\0\u0001secret');
  const files = (packets: Buffer[], linkType = 239) => {
    const found: string[] = [];
    const onTftp: DecoderOptions['onTftp'] = ({ direction, source, bytes }) =>
      found.push(`${direction} ${source.port} ${bytes[1]}`);
    const { messages, discards } = decodePackets(packets, { onTftp, linkType });
    expect(messages).toEqual([]);
    return { found, discards };
  };

  test('gives a request to its port, and an answer from any port of ours', () => {
    const { found } = files([nflog(request), nflog(answer, { prefix: 'sw-file', hook: 3 })]);
    expect(found).toEqual(['in 2069 1', 'out 41234 3']);
  });

  test('gives both where nobody says which way they went', () => {
    expect(files([request, answer], 101).found).toEqual(['unknown 2069 1', 'unknown 41234 3']);
  });

  test('gives no answer that came in, no later block and no media', () => {
    const later = fromAnyPort('\0\u0003\0\u0002secret');
    const media = ipv4(
      17,
      udp(Buffer.concat([Buffer.from([0x80, 0]), Buffer.alloc(170)]), { from: 10_000, to: 4_000 }),
    );
    const { found, discards } = files([
      nflog(answer),
      nflog(later, { prefix: 'sw-file', hook: 3 }),
      nflog(media),
    ]);
    expect(found).toEqual([]);
    expect(discards).toEqual({ [notProtected]: 3 });
  });
});

describe('direction by our own addresses', () => {
  const isLocal = (address: string) => address === pbx || address === '192.0.2.9';
  const within = (source: string, destination: string) =>
    decodePackets([ipv4(17, udp(register, { from: 5060 }), { source, destination })], { isLocal }).messages;

  test.each([
    [phone, pbx, 'in'],
    [pbx, phone, 'out'],
    [pbx, '192.0.2.9', 'unknown'],
    [phone, '203.0.113.5', 'unknown'],
  ])('from %s to %s is %s', (source, destination, direction) => {
    expect(within(source, destination)).toEqual([
      `${direction} udp ${source} 5060 > ${destination} 5060 REGISTER`,
    ]);
  });

  test('does not overrule what the capture says', () => {
    const packet = nflog(ipv4(17, udp(register), { source: pbx, destination: phone }));
    expect(decodePackets([packet], { isLocal, linkType: 239 }).messages[0]).toMatch(/^in /);
  });
});

test.each([
  ['nothing', ''],
  ['line breaks', '\r\n\r\n'],
  ['NULs', '\0\0\0\0'],
])('a UDP keep-alive is no message: %s', (_, text) => {
  expect(decodePackets([ipv4(17, udp(text))])).toMatchObject({
    messages: [],
    discards: { 'udp: a keep-alive': 1 },
  });
});

test.each<[string, Buffer, string]>([
  ['another protocol', ipv4(1, Buffer.alloc(8)), 'ip: neither UDP nor TCP'],
  ['a cut UDP header', ipv4(17, udp(register).subarray(0, 7)), 'udp: a header that is cut'],
  [
    'a UDP length below 8',
    ipv4(17, Buffer.from([20, 0, 19, 196, 0, 7, 0, 0, 1])),
    'udp: a length that cannot be',
  ],
  ['a UDP datagram without its text', ipv4(17, udp(register).subarray(0, 8)), 'udp: a text that is cut'],
  ['a cut TCP header', ipv4(6, tcp('').subarray(0, 19)), 'tcp: a header that is cut'],
  ['a TCP header that is too long', ipv4(6, patched(tcp('x'), 12, 0xf0)), 'tcp: a length that cannot be'],
])('says why there is no message: %s', (_, packet, reason) => {
  expect(decodePackets([packet])).toMatchObject({ messages: [], discards: { [reason]: 1 } });
});

test('what stands behind the UDP length is no part of the message', () => {
  const datagram = Buffer.concat([udp('REGISTER sip:a SIP/2.0\r\n'), Buffer.from('and more')]);
  let text = '';
  decodePackets([ipv4(17, datagram)], {
    onMessage: ({ bytes }) => {
      text = bytes.toString();
    },
  });
  expect(text).toBe('REGISTER sip:a SIP/2.0\r\n');
});

test('a datagram that the capture cut gives the headers that are there', () => {
  const frame = ethernet(ipv4(17, udp(`${register}${'body'.repeat(500)}`)));
  const file = pcapFile([{ data: frame.subarray(0, 300), originalLength: frame.length }]);
  expect(decode(file).messages).toEqual([`unknown udp ${phone} 5070 > ${pbx} 5060 REGISTER`]);
});

test('segments that only acknowledge are no news', () => {
  expect(decodePackets([ipv4(6, tcp('', { flags: 0x10 }))])).toEqual({
    messages: [],
    discards: {},
    packets: 1,
  });
});

test('peers are objects of their own: an observation may keep them', () => {
  const kept: object[] = [];
  decodePackets([ipv4(17, udp('a')), ipv4(17, udp('b'), { source: '203.0.113.9' })], {
    onMessage: ({ source }) => kept.push(source),
  });
  expect(kept).toEqual([
    { address: phone, port: 5070 },
    { address: '203.0.113.9', port: 5070 },
  ]);
});

test('no damage to frames makes it throw, and addresses come from the packet', () => {
  const packets = [
    ipv4(17, udp(register)),
    ipv6(17, udp(register)),
    ipv4(6, tcp(register)),
    ipv4Fragment(0, false, udp(register).subarray(0, 64)),
    ipv6Fragment(17, 0, true, udp(register)),
  ];
  const frames = packets.flatMap((packet) => [ethernet(packet, { tags: [0x8100] }), packet, nflog(packet)]);
  const damage = fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 5 });
  const frame = fc.tuple(
    fc.constantFrom(...frames),
    fc.constantFrom(1, 101, 239, 0, 113, 276),
    damage,
    fc.nat(400),
  );
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 20 }), (list) => {
      const decoder = createDecoder({
        isProtected: () => true,
        onMessage: ({ source, bytes }) => {
          expect(source.address).toMatch(/^[0-9a-f:.]+$/);
          expect(bytes.length).toBeLessThanOrEqual(65_536);
        },
        discard: (reason) => expect(reason).toMatch(/^[\w ,:-]+$/),
      });
      for (const [bytes, linkType, changes, length] of list) {
        const data = Buffer.from(bytes.subarray(0, length));
        for (const [at, value] of changes) if (at < data.length) data[at] = value;
        decoder.packet({ time: 0, linkType, data, originalLength: bytes.length });
      }
      expect(decoder.counters.packets).toBe(list.length);
    }),
    { numRuns: 1_000 },
  );
});

function patched(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
}
