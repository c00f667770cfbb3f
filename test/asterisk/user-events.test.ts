import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isPublished, userEventOf } from '../../src/asterisk/user-events.ts';
import type { Decision } from '../../src/model/decision.ts';

const decision: Decision = {
  id: 'd1',
  time: 1_000_000,
  target: '203.0.113.9',
  action: 'ban',
  until: 4_600_000,
  cause: { kind: 'detection', attack: 'registration-bruteforce', proof: 'proven' },
  reason: 'the evidence proves the address',
  offence: 1,
  enforced: true,
};
const decided = (some: Partial<Decision> = {}) =>
  userEventOf({ kind: 'decided', decision: { ...decision, ...some } });

test('a ban is told with its cause, its proof and its end', () => {
  expect(decided()).toEqual({
    name: 'SipwardenBan',
    headers: {
      Time: '1970-01-01T00:16:40.000Z',
      Address: '203.0.113.9',
      Decision: 'ban',
      Enforced: 'yes',
      Until: '1970-01-01T01:16:40.000Z',
      Seconds: '3600',
      Attack: 'registration-bruteforce',
      Proof: 'proven',
      Reason: 'the evidence proves the address',
      Id: 'd1',
    },
  });
});

test('a ban that waits for a person has a name of its own', () => {
  expect(decided({ action: 'held' })).toMatchObject({ name: 'SipwardenHeld', headers: { Id: 'd1' } });
});

test('of a blocked port the port is told, of an order who gave it', () => {
  expect(decided({ action: 'port-ban', port: { protocol: 'udp', port: 5061 } }).headers).toMatchObject({
    Decision: 'port-ban',
    Port: 'udp/5061',
  });
  expect(decided({ cause: { kind: 'manual', by: 'anna', note: '' } }).headers).toMatchObject({
    Attack: 'order',
    By: 'anna',
  });
});

test.each(['notice', 'stale-phone'] as const)('a %s blocks nobody and is not told', (action) => {
  expect(isPublished({ kind: 'decided', decision: { ...decision, action } })).toBe(false);
});

test('who was let in again is told, and where it is one port alone, which', () => {
  const unblocked = { kind: 'unblocked', time: 0, target: '203.0.113.9', by: 'anna' } as const;
  expect(userEventOf({ ...unblocked, places: [], isWhole: true })).toEqual({
    name: 'SipwardenUnban',
    headers: { Time: '1970-01-01T00:00:00.000Z', Address: '203.0.113.9', By: 'anna' },
  });
  const port = { set: 'port', target: '203.0.113.9', port: { protocol: 'udp', port: 5061 } } as const;
  expect(userEventOf({ ...unblocked, places: [port], isWhole: false }).headers).toMatchObject({
    Ports: 'udp/5061',
  });
});

test('an alarm is told when it is raised and when it is over', () => {
  const alarm = { code: 'CAPTURE_DOWN', message: 'no packets', hint: 'start tcpdump', since: 0 };
  const told = (isOver: boolean) => userEventOf({ kind: 'alarm', time: 0, alarm, isOver });
  expect(told(false)).toMatchObject({
    name: 'SipwardenAlarm',
    headers: { State: 'raised', Hint: 'start tcpdump' },
  });
  expect(told(true)).toMatchObject({ headers: { Code: 'CAPTURE_DOWN', State: 'cleared' } });
});

test('whatever a stranger wrote, each value is one short line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (reason) => {
      const { Reason } = decided({ reason, cause: { kind: 'manual', by: reason, note: '' } }).headers;
      expect(Reason).not.toMatch(/[\x00-\x1f\x7f\u2028\u2029]/);
      expect(Buffer.byteLength(Reason ?? '')).toBeLessThan(900);
    }),
  );
});
