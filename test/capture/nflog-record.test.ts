import { expect, test } from '@jest/globals';
import type { Frame } from '../../src/capture/frame.ts';
import { readNflog } from '../../src/capture/nflog-record.ts';
import { ipv4, nflog, udp } from './frames.ts';

const packet = ipv4(17, udp('hello'));
const notOurs = 'nflog: logged by no rule of ours, or in a hook where ours is not';

function find(data: Buffer): string | { direction: string; payload: Buffer } {
  const frame: Frame = { offset: 0, end: 0, direction: 'unknown', limit: undefined };
  return (
    readNflog(data, frame) ?? { direction: frame.direction, payload: data.subarray(frame.offset, frame.end) }
  );
}

test.each([
  ['sw-in', 0, 'in'],
  ['sw-out', 3, 'out'],
  ['sw-syn', 3, 'out'],
  ['sw-gst', 0, 'out'],
  ['sw-file', 3, 'out'],
  ['sw-gfile', 0, 'out'],
])('%s in hook %i is a packet that goes %s', (prefix, hook, direction) => {
  expect(find(nflog(packet, { prefix, hook }))).toEqual({ direction, payload: packet });
});

test.each(['invite', 'tftp'])('sw-%s is a packet that came in and was one too many', (limit) => {
  const frame: Frame = { offset: 0, end: 0, direction: 'unknown', limit: undefined };
  expect(readNflog(nflog(packet, { prefix: `sw-${limit}` }), frame)).toBeUndefined();
  expect(frame).toMatchObject({ direction: 'in', limit });
});

test.each([
  ['sw-invite', 3],
  ['sw-out', 0],
  ['sw-syn', 0],
  ['sw-out', 1],
  ['sw-in', 3],
  ['sw-gst', 3],
  ['sw-file', 0],
  ['sw-gfile', 3],
  ['sw-outer', 3],
  ['sw-ou', 3],
  ['', 3],
])('is not believed: prefix %j in hook %i', (prefix, hook) => {
  expect(find(nflog(packet, { prefix, hook }))).toBe(notOurs);
});

test('a record from a big-endian machine is read too', () => {
  expect(find(nflog(packet, { isBig: true }))).toEqual({ direction: 'in', payload: packet });
});

test('a record that is cut in the packet gives what there is of it', () => {
  const data = nflog(packet);
  expect(find(data.subarray(0, data.length - 7))).toMatchObject({ direction: 'in' });
});

test('a record without a packet, or with a length that cannot be, is refused', () => {
  expect(find(nflog(packet).subarray(0, 20))).toBe('nflog: no packet');
  const broken = nflog(packet);
  broken.writeUInt16LE(3, 4);
  expect(find(broken)).toBe('nflog: a length that cannot be');
});
