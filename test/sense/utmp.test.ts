import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isReserved, parseAddress } from '../../src/model/address.ts';
import { readUtmp } from '../../src/sense/utmp.ts';
import { utmpRecord } from './host-files.ts';

const ipv6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x50];
const addressesOf = (...records: readonly Buffer[]) =>
  readUtmp(Buffer.concat(records), 'x64').map(({ session }) => session.address);

test.each(['x64', 'arm64'] as const)(
  'reads who is logged in from where, since when, on %s',
  (architecture) => {
    const records = [utmpRecord({}, architecture), utmpRecord({ pid: 501, address: ipv6 }, architecture)];
    expect(readUtmp(Buffer.concat(records), architecture)).toEqual([
      { session: { address: '192.0.2.50', user: 'anna', via: 'ssh', since: 1_700_000_000_500 }, pid: 500 },
      { session: { address: '2001:db8::50', user: 'anna', via: 'ssh', since: 1_700_000_000_500 }, pid: 501 },
    ]);
  },
);

test('takes an IPv4 address in its IPv6 form for the IPv4 address', () => {
  expect(addressesOf(utmpRecord({ address: [...Array(10).fill(0), 255, 255, 192, 0, 2, 50] }))).toEqual([
    '192.0.2.50',
  ]);
});

test.each([
  ['a boot', { type: 2 }],
  ['a getty that waits', { type: 6 }],
  ['a login that is over', { type: 8 }],
  ['nobody', { user: '' }],
  ['a name with control characters', { user: 'an\u001bna' }],
  ['no process', { pid: 0 }],
  ['a negative process', { pid: -7 }],
  ['a console of this machine', { address: [0, 0, 0, 0] }],
  ['this machine itself', { address: [127, 0, 0, 1] }],
])('leaves out a record of %s', (_, changes) => {
  expect(addressesOf(utmpRecord(changes), utmpRecord())).toEqual(['192.0.2.50']);
});

test('leaves out a torn record at the end', () => {
  expect(addressesOf(utmpRecord(), utmpRecord({ pid: 501 }).subarray(0, 383))).toEqual(['192.0.2.50']);
});

test('says the epoch for a time that is none', () => {
  const record = utmpRecord();
  record.writeUInt32LE(4_000_000_000, 344);
  expect(readUtmp(record, 'x64')[0]?.session.since).toBe(0);
});

test('reads no more than a thousand logins', () => {
  expect(addressesOf(...Array<Buffer>(1_100).fill(utmpRecord()))).toHaveLength(1_000);
});

test('reads any bytes without a throw, and only canonical addresses of others come out', () => {
  const garbage = fc.uint8Array({ maxLength: 4_096 }).map((bytes) => Buffer.from(bytes));
  // Random bytes hardly ever make a record: most of these are damaged ones.
  const damaged = fc
    .tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(399), fc.uint8Array({ maxLength: 64 }))
    .map(([address, at, damage]) => {
      const record = utmpRecord({ address: [...address] });
      record.set(
        damage.subarray(0, record.length - Math.min(at, record.length)),
        Math.min(at, record.length),
      );
      return record;
    });
  const files = fc.array(fc.oneof(garbage, damaged), { maxLength: 8 }).map((parts) => Buffer.concat(parts));
  fc.assert(
    fc.property(files, fc.constantFrom('x64', 'arm64'), (bytes, architecture) => {
      for (const { session, pid } of readUtmp(bytes, architecture)) {
        expect(parseAddress(session.address)).toBe(session.address);
        expect(isReserved(session.address)).toBe(false);
        expect(session.user).toMatch(/^[\x21-\x7e]{1,32}$/);
        expect(new Date(session.since).getTime()).toBe(session.since);
        expect(pid).toBeGreaterThan(1);
      }
    }),
  );
});
