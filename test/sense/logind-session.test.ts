import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isReserved, parseAddress } from '../../src/model/address.ts';
import { readLogindSession } from '../../src/sense/logind-session.ts';
import { logindSession } from './host-files.ts';

const read = (changes?: Readonly<Record<string, string>>) => readLogindSession(logindSession(changes));

test('reads who is logged in from where, since when', () => {
  expect(read()).toEqual({ user: 'anna', address: '192.0.2.50', since: 1_700_000_000_500 });
  expect(read({ REMOTE_HOST: '2001:DB8::50' })?.address).toBe('2001:db8::50');
});

test.each(['opening', 'online', 'active'])('counts a session that is %s', (STATE) => {
  expect(read({ STATE })).toBeDefined();
});

test.each([
  ['that was left, with programs that run on', { STATE: 'closing' }],
  ['of another service', { SERVICE: 'login' }],
  ['on this machine', { REMOTE: '0' }],
  ['of a greeter before anybody has logged in', { CLASS: 'greeter' }],
  ['of nobody', { USER: '' }],
  ['from this machine', { REMOTE_HOST: '127.0.0.1' }],
  ['from a link-local address', { REMOTE_HOST: 'fe80::1%eth0' }],
])('leaves out a session %s', (_, changes) => {
  expect(read(changes)).toBeUndefined();
});

test('takes no address from a host name', () => {
  expect(read({ REMOTE_HOST: 'admin.example' })).toEqual({
    user: 'anna',
    address: undefined,
    since: 1_700_000_000_500,
  });
});

test('leaves out a file that was cut before it says whose it is', () => {
  expect(readLogindSession(logindSession().slice(0, 120))).toBeUndefined();
});

test('reads any text without a throw, and only canonical addresses of others come out', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.ipV4(), fc.ipV6(), fc.constant('active'));
  const key = fc.constantFrom('USER', 'STATE', 'REMOTE_HOST', 'REALTIME', 'CLASS', '__proto__', '');
  const damaged = fc.dictionary(key, value).map(logindSession);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), damaged), (text) => {
      const login = readLogindSession(text);
      if (!login) return;
      expect(login.user).toMatch(/^[\x21-\x7e]{1,64}$/);
      expect(new Date(login.since).getTime()).toBe(login.since);
      if (login.address === undefined) return;
      expect(parseAddress(login.address)).toBe(login.address);
      expect(isReserved(login.address)).toBe(false);
    }),
  );
});
