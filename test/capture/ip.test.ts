import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { datagramLimit } from '../../src/capture/defragment.ts';
import { createIpReader } from '../../src/capture/ip.ts';
import { ipv4, ipv4Fragment, ipv6, ipv6Fragment, pbx, phone } from './frames.ts';

const payload = Buffer.from('what the packet carries');
const outer = { source: '203.0.113.1', destination: '203.0.113.2' };

function createReader() {
  const discards: string[] = [];
  const reader = createIpReader((reason) => discards.push(reason));
  function read(packet: Buffer, time = 0) {
    const found = reader.read(packet, 0, packet.length, time);
    if (!found) return undefined;
    const { protocol, source, destination, missing } = found;
    return {
      protocol,
      source,
      destination,
      missing,
      text: found.bytes.toString('latin1', found.offset, found.end),
    };
  }
  return { read, discards, reader };
}

function expectPayload(packet: Buffer, more: object = {}): void {
  const { read, discards } = createReader();
  expect(read(packet)).toMatchObject({ protocol: 17, text: payload.toString(), missing: 0, ...more });
  expect(discards).toEqual([]);
}

function expectRefused(packet: Buffer, reason: string): void {
  const { read, discards } = createReader();
  expect(read(packet)).toBeUndefined();
  expect(discards).toEqual([reason]);
}

/** An IPv6 extension header of eight bytes. */
const extension = (next: number) => Buffer.from([next, 0, 1, 4, 0, 0, 0, 0]);

describe('IPv4', () => {
  test('gives addresses and payload', () => {
    expectPayload(ipv4(17, payload), { source: phone, destination: pbx });
  });

  test('options are passed over', () => expectPayload(ipv4(17, payload, { options: Buffer.alloc(8, 1) })));

  test('what pads the frame is left out', () => {
    expectPayload(Buffer.concat([ipv4(17, payload), Buffer.alloc(30)]));
  });

  test('a packet that the capture cut gives what there is, and how much is missing', () => {
    const { read } = createReader();
    expect(read(ipv4(17, payload, { total: 20 + payload.length + 1_000 }))).toMatchObject({
      text: payload.toString(),
      missing: 1_000,
    });
  });

  test('a total length of 0 means all there is: segmentation was left to the card', () => {
    expectPayload(ipv4(17, payload, { total: 0 }));
  });

  test.each([
    ['a header that is cut', ipv4(17, payload).subarray(0, 19)],
    ['a header that is cut', ipv4(17, payload, { options: Buffer.alloc(40) }).subarray(0, 50)],
    ['a length that cannot be', ipv4(17, payload, { total: 19 })],
    ['a length that cannot be', Buffer.concat([Buffer.from([0x44]), ipv4(17, payload).subarray(1)])],
    ['neither IPv4 nor IPv6', Buffer.from([0x50, 0, 0, 0])],
    ['neither IPv4 nor IPv6', Buffer.alloc(0)],
  ])('is refused: %s', (reason, packet) => expectRefused(packet, `ip: ${reason}`));
});

describe('IPv6', () => {
  test('gives addresses and payload', () => {
    expectPayload(ipv6(17, payload), { source: '2001:db8::10', destination: '2001:db8::1' });
  });

  test('mapped addresses become IPv4', () => {
    const packet = ipv6(17, payload, { source: '::ffff:198.51.100.7', destination: '::ffff:192.0.2.1' });
    expectPayload(packet, { source: '198.51.100.7', destination: '192.0.2.1' });
  });

  test('extension headers are passed over', () => {
    const authentication = Buffer.concat([Buffer.from([60, 4, 0, 0]), Buffer.alloc(20)]);
    expectPayload(
      ipv6(0, Buffer.concat([extension(43), extension(51), authentication, extension(17), payload])),
    );
  });

  test('a fragment header around a whole packet is passed over', () => {
    expectPayload(ipv6Fragment(17, 0, true, payload));
  });

  test('a whole packet in a fragment header gives what the capture left of it', () => {
    const packet = ipv6Fragment(17, 0, true, payload);
    packet.writeUInt16BE(8 + payload.length + 1_000, 4);
    expect(createReader().read(packet)).toMatchObject({ text: payload.toString(), missing: 1_000 });
  });

  test('a chain without end is refused', () => {
    expectRefused(
      ipv6(60, Buffer.concat(Array.from({ length: 50 }, () => extension(60)))),
      'ip: too many extension headers',
    );
  });

  test('an extension header that reaches beyond the packet is refused', () => {
    const header = extension(17);
    header[1] = 200;
    expectRefused(ipv6(60, Buffer.concat([header, payload])), 'ip: an extension header that is cut');
  });
});

describe('tunnels', () => {
  test.each([
    ['4 in 4', ipv4(4, ipv4(17, payload), outer)],
    ['4 in 6', ipv6(4, ipv4(17, payload))],
    ['4 in 4 in 4', ipv4(4, ipv4(4, ipv4(17, payload), outer), outer)],
  ])('the innermost packet counts: %s', (_, packet) => {
    expectPayload(packet, { source: phone, destination: pbx });
  });

  test('the innermost packet counts: 6 in 4', () => {
    expectPayload(ipv4(41, ipv6(17, payload), outer), { source: '2001:db8::10' });
  });

  test('a third tunnel is refused', () => {
    const packet = ipv4(4, ipv4(4, ipv4(4, ipv4(17, payload))));
    expectRefused(packet, 'ip: a tunnel in a tunnel in a tunnel');
  });
});

const long = Buffer.from('0123456789abcdef'.repeat(5));
const orders = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];
const fragments4 = (id = 7) => [
  ipv4Fragment(0, false, long.subarray(0, 32), id),
  ipv4Fragment(32, false, long.subarray(32, 56), id),
  ipv4Fragment(56, true, long.subarray(56), id),
];
const fragments6 = [
  ipv6Fragment(17, 0, false, long.subarray(0, 32)),
  ipv6Fragment(17, 32, false, long.subarray(32, 56)),
  ipv6Fragment(17, 56, true, long.subarray(56)),
];

describe('fragments', () => {
  test.each(orders)('three are put together in the order %i %i %i, IPv4 and IPv6', (...order) => {
    for (const fragments of [fragments4(), fragments6]) {
      const { read, discards, reader } = createReader();
      const [first, second, third] = order.map((index) => read(fragments[index]!));
      expect([first, second]).toEqual([undefined, undefined]);
      expect(third).toMatchObject({ protocol: 17, text: long.toString(), missing: 0 });
      expect(reader.datagrams).toBe(0);
      expect(discards).toEqual([]);
    }
  });

  test('datagrams of other numbers do not mix', () => {
    const { read } = createReader();
    for (const fragment of [...fragments4(1).slice(0, 2), ...fragments4(2).slice(1)]) {
      expect(read(fragment)).toBeUndefined();
    }
  });

  test('fragments that overlap take the whole datagram with them', () => {
    const { read, discards, reader } = createReader();
    const [first, , last] = fragments4();
    read(first!);
    expect(read(ipv4Fragment(24, false, long.subarray(24, 56)))).toBeUndefined();
    expect(reader.datagrams).toBe(0);
    expect(read(last!)).toBeUndefined();
    expect(discards).toEqual(['ip: fragments that overlap']);
  });

  test('a fragment that comes twice is the same datagram, and its first text counts', () => {
    const { read, discards } = createReader();
    const [first, second, last] = fragments4();
    read(first!);
    read(ipv4Fragment(0, false, Buffer.alloc(32, 'x')));
    read(second!);
    expect(read(last!)).toMatchObject({ text: long.toString() });
    expect(discards).toEqual(['ip: a fragment that came before']);
  });

  test.each([
    ['of more than 64 KiB', [ipv4Fragment(65_528, true, Buffer.alloc(8))]],
    ['after the last', [fragments4()[2]!, ipv4Fragment(80, false, Buffer.alloc(8))]],
    ['after the last', [ipv4Fragment(80, false, Buffer.alloc(8)), fragments4()[2]!]],
  ])('fragments %s are discarded', (reason, packets) => {
    const { read, discards, reader } = createReader();
    for (const packet of packets) expect(read(packet)).toBeUndefined();
    expect(discards).toEqual([`ip: fragments ${reason}`]);
    expect(reader.datagrams).toBe(0);
  });

  test('a datagram in more pieces than any link makes is discarded', () => {
    const { read, discards } = createReader();
    for (let index = 0; index <= 128; index += 1) read(ipv4Fragment(index * 8, false, Buffer.alloc(8)));
    expect(discards).toEqual(['ip: a datagram in too many fragments']);
  });

  test('a fragment that the capture cut is not used', () => {
    expectRefused(ipv4(17, payload, { flags: 0x2000, total: 1_500 }), 'ip: a fragment that the capture cut');
  });

  test('after 30 seconds the others are no longer waited for', () => {
    const { read, discards, reader } = createReader();
    const [first, second, last] = fragments4();
    read(first!, 1_000);
    read(second!, 31_000);
    expect(reader.datagrams).toBe(1);
    expect(read(last!, 31_001)).toBeUndefined();
    expect(discards).toEqual(['ip: a datagram whose other fragments did not come']);
  });

  test('no more datagrams than the limit are in the making: the oldest goes first', () => {
    const { read, discards, reader } = createReader();
    for (let id = 0; id < datagramLimit + 10; id += 1) read(fragments4(id)[0]!);
    expect(reader.datagrams).toBe(datagramLimit);
    expect(discards).toEqual(Array(10).fill('ip: fragments of too many datagrams at once'));
    const youngest = fragments4(datagramLimit + 9);
    read(youngest[1]!);
    expect(read(youngest[2]!)).toMatchObject({ text: long.toString() });
  });
});

test('no bytes make it throw, grow without bound or point outside of the packet', () => {
  const { reader } = createReader();
  const start = fc.constantFrom(
    ipv4(17, payload),
    ipv4(4, ipv6(44, payload)),
    ipv6(0, Buffer.concat([extension(44), fragments6[0]!.subarray(40)])),
    ...fragments4(),
    ...fragments6,
  );
  const damage = fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(start, damage, fc.nat(120), (packet, changes, length) => {
      const bytes = Buffer.from(packet);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      const found = reader.read(bytes, 0, Math.min(length, bytes.length), 0);
      expect(reader.datagrams).toBeLessThanOrEqual(datagramLimit);
      if (!found) return;
      expect(found.offset).toBeLessThanOrEqual(found.end);
      expect(found.end).toBeLessThanOrEqual(found.bytes.length);
    }),
    { numRuns: 5_000 },
  );
});
