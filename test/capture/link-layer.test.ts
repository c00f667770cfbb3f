import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Frame } from '../../src/capture/frame.ts';
import { readLinkLayer } from '../../src/capture/link-layer.ts';
import { ethernet, ipv4, ipv6, nflog, udp, uint16 } from './frames.ts';

const packet = ipv4(17, udp('hello'));
const packet6 = ipv6(17, udp('hello'));
const cooked = (type: number, protocol = 0x0800) =>
  Buffer.concat([uint16(type, 1, 6), Buffer.alloc(8), uint16(protocol)]);
const cookedV2 = (type: number, protocol = 0x0800) =>
  Buffer.concat([uint16(protocol, 0, 0, 2, 1), Buffer.from([type, 6]), Buffer.alloc(8)]);
const pppoe = (protocol: number) => uint16(0x1100, 1, packet.length + 2, protocol);

function find(linkType: number, data: Buffer): string | { direction: string; payload: Buffer } {
  const frame: Frame = { offset: 0, end: 0, direction: 'unknown', limit: undefined };
  const problem = readLinkLayer({ time: 0, linkType, data, originalLength: data.length }, frame);
  return problem ?? { direction: frame.direction, payload: data.subarray(frame.offset, frame.end) };
}

test.each<[string, number, Buffer]>([
  ['Ethernet', 1, ethernet(packet)],
  ['one VLAN tag', 1, ethernet(packet, { tags: [0x8100] })],
  ['QinQ', 1, ethernet(packet, { tags: [0x88a8, 0x8100] })],
  ['old QinQ', 1, ethernet(packet, { tags: [0x9100, 0x8100] })],
  ['PPPoE', 1, ethernet(Buffer.concat([pppoe(0x21), packet]), { type: 0x8864 })],
  ['PPPoE in a VLAN', 1, ethernet(Buffer.concat([pppoe(0x21), packet]), { type: 0x8864, tags: [0x8100] })],
  ['Linux cooked', 113, Buffer.concat([cooked(3), packet])],
  ['Linux cooked, tagged', 113, Buffer.concat([cooked(3, 0x8100), uint16(5, 0x0800), packet])],
  ['Linux cooked v2', 276, Buffer.concat([cookedV2(3), packet])],
  ['Linux cooked v2, tagged', 276, Buffer.concat([cookedV2(3, 0x8100), uint16(5, 0x0800), packet])],
  ['raw IP', 101, packet],
  ['raw IP as some systems number it', 12, packet],
  ['raw IPv4', 228, packet],
  ['null, little-endian', 0, Buffer.concat([Buffer.from([2, 0, 0, 0]), packet])],
  ['null, big-endian', 0, Buffer.concat([Buffer.from([0, 0, 0, 2]), packet])],
  ['loopback of OpenBSD', 108, Buffer.concat([Buffer.from([0, 0, 0, 2]), packet])],
])('finds the IPv4 packet, of unknown direction: %s', (_, linkType, data) => {
  expect(find(linkType, data)).toEqual({ direction: 'unknown', payload: packet });
});

test.each<[string, number, Buffer]>([
  ['Ethernet', 1, ethernet(packet6)],
  ['PPPoE', 1, ethernet(Buffer.concat([pppoe(0x57), packet6]), { type: 0x8864 })],
  ['raw IPv6', 229, packet6],
  ['null on macOS', 0, Buffer.concat([Buffer.from([30, 0, 0, 0]), packet6])],
])('finds the IPv6 packet: %s', (_, linkType, data) => {
  expect(find(linkType, data)).toEqual({ direction: 'unknown', payload: packet6 });
});

test.each([
  [0, 'in'],
  [1, 'unknown'],
  [2, 'unknown'],
  [3, 'unknown'],
  [4, 'out'],
])("the kernel's packet type %i means %s", (type, direction) => {
  expect(find(113, Buffer.concat([cooked(type), packet]))).toMatchObject({ direction });
  expect(find(276, Buffer.concat([cookedV2(type), packet]))).toMatchObject({ direction });
});

test.each<[string, number, Buffer, string]>([
  ['ARP', 1, ethernet(packet, { type: 0x0806 }), 'link: no IP packet'],
  ['PPPoE discovery', 1, ethernet(pppoe(0x21), { type: 0x8863 }), 'link: no IP packet'],
  ['PPP, but no IP', 1, ethernet(pppoe(0xc021), { type: 0x8864 }), 'link: no IP packet'],
  ['another family', 0, Buffer.from([7, 0, 0, 0, 0x45]), 'link: no IP packet'],
  ['five tags', 1, ethernet(packet, { tags: [1, 2, 3, 4, 5].map(() => 0x8100) }), 'link: too many VLAN tags'],
  ['a cut Ethernet header', 1, ethernet(packet).subarray(0, 13), 'link: a frame that is cut'],
  ['a cut cooked header', 276, cookedV2(0).subarray(0, 19), 'link: a frame that is cut'],
  ['IEEE 802.11', 105, packet, 'link: a link type that is not read'],
])('says why there is no packet: %s', (_, linkType, data, reason) => {
  expect(find(linkType, data)).toBe(reason);
});

test('no bytes make it throw or point outside of the frame', () => {
  const linkType = fc.constantFrom(0, 1, 12, 101, 108, 113, 228, 229, 239, 276);
  const start = fc.constantFrom(ethernet(packet), cooked(4), cookedV2(0), nflog(packet), Buffer.alloc(0));
  fc.assert(
    fc.property(linkType, start, fc.uint8Array({ maxLength: 60 }), fc.nat(60), (type, head, tail, cut) => {
      const found = find(type, Buffer.concat([head.subarray(0, cut), tail]));
      if (typeof found !== 'string') expect(found.payload.length).toBeLessThanOrEqual(cut + tail.length);
    }),
    { numRuns: 2_000 },
  );
});
