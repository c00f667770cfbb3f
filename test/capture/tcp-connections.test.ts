import { expect, test } from '@jest/globals';
import { connectionLimit, createTcpConnections } from '../../src/capture/tcp-connections.ts';

const initial = 4_294_967_290;
const peer = 4_294_967_000;
const mebibyte = 1_048_576;

function createAccepted(isOurs = true) {
  const connections = createTcpConnections();
  connections.accept('a', { sequence: initial, acknowledgement: peer, isOurs });
  const judge = (sequence: number, acknowledgement: number | undefined, length = 100) =>
    connections.judge(
      'a',
      sequence >>> 0,
      length,
      acknowledgement === undefined ? undefined : acknowledgement >>> 0,
    );
  return { connections, judge };
}

test('a segment that acknowledges our SYN-ACK is proven, round the end of the numbers too', () => {
  const { judge } = createAccepted();
  expect(judge(peer, initial + 1)).toBe('proven');
  expect(judge(peer + 100, initial + 1)).toBe('proven');
});

test.each([
  ['our SYN-ACK itself', 0],
  ['what was before it', -5_000],
  ['more than we can have sent', 2 + mebibyte],
  ['a guess', 1_234_567_890],
])('an acknowledgement of %s proves nothing', (_, offset) => {
  expect(createAccepted().judge(peer, initial + offset)).toBe('outside');
});

test('what we were seen to send may be acknowledged, and a mebibyte that we were not', () => {
  const { connections, judge } = createAccepted();
  connections.noteSent('a', (initial + 1 + 5_000_000) >>> 0);
  expect(judge(peer, initial + 1 + 5_000_000 + mebibyte + 1)).toBe('outside');
  expect(judge(peer, initial + 1 + 5_000_000 + mebibyte)).toBe('proven');
});

test('what the peer acknowledges was sent, so the window goes along with it', () => {
  const { judge } = createAccepted();
  for (let sent = 1; sent < 5 * mebibyte; sent += mebibyte)
    expect(judge(peer, initial + sent)).toBe('proven');
});

test('a long connection does not make guessing easy', () => {
  const { connections, judge } = createAccepted();
  for (let sent = 0; sent < 3_000_000_000; sent += 1_000_000_000) {
    connections.noteSent('a', (initial + 1 + sent) >>> 0);
  }
  expect(judge(peer, initial + 1 + 1_000_000_000)).toBe('outside');
  expect(judge(peer, initial + 1 + 2_000_000_000)).toBe('proven');
});

test('a right acknowledgement at a place where no receiver would look proves nothing', () => {
  const { judge } = createAccepted();
  expect(judge(peer - 1, initial + 1)).toBe('outside');
  expect(judge(peer + mebibyte + 1, initial + 1)).toBe('outside');
  expect(judge(peer + mebibyte, initial + 1)).toBe('proven');
});

test('without the ACK flag, or without a SYN-ACK, nothing is proven', () => {
  const { connections, judge } = createAccepted();
  expect(judge(peer, undefined)).toBe('outside');
  expect(connections.judge('b', peer, 1, initial + 1)).toBe('unknown');
});

test('a SYN-ACK that is perhaps not ours proves nothing, and does not replace ours', () => {
  const { connections, judge } = createAccepted(false);
  expect(judge(peer, initial + 1)).toBe('inside');
  expect(connections.accept('a', { sequence: 1, acknowledgement: 2, isOurs: true })).toBe(true);
  expect(connections.accept('a', { sequence: 5, acknowledgement: 6, isOurs: false })).toBe(false);
  expect(connections.judge('a', 2, 10, 2)).toBe('proven');
});

test('a SYN-ACK that is sent again changes nothing, and one of a new connection begins anew', () => {
  const { connections, judge } = createAccepted();
  judge(peer, initial + 1);
  expect(connections.firstExpected('a')).toBeUndefined();
  expect(connections.accept('a', { sequence: initial, acknowledgement: peer, isOurs: true })).toBe(false);
  expect(connections.firstExpected('a')).toBeUndefined();
  expect(connections.accept('a', { sequence: 77, acknowledgement: 500, isOurs: true })).toBe(true);
  expect(connections.firstExpected('a')).toBe(500);
  expect(judge(peer, initial + 1)).toBe('outside');
});

test('no more connections than the limit are remembered: the one unused for longest goes first', () => {
  const connections = createTcpConnections();
  for (let index = 0; index < connectionLimit; index += 1) {
    connections.accept(`${index}`, { sequence: 1, acknowledgement: 1, isOurs: true });
  }
  connections.judge('0', 1, 1, 2);
  connections.accept('one more', { sequence: 1, acknowledgement: 1, isOurs: true });
  expect(connections.size).toBe(connectionLimit);
  expect(connections.judge('0', 2, 1, 2)).toBe('proven');
  expect(connections.judge('1', 1, 1, 2)).toBe('unknown');
});
