import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isHonestForeign, problemOf } from '../../src/capture/malformed.ts';
import { scanSip } from '../../src/capture/sip-scan.ts';
import { answer, attacker, observe, pbx, request } from './sip-conversation.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const stun = Buffer.from('000100002112a442b7e7a701bc34d686fa87dfae', 'hex');
const oldStun = Buffer.concat([Buffer.from('000100080001', 'hex'), Buffer.alloc(22)]);

describe('what an honest peer sends beside SIP', () => {
  test.each([
    ['a keep-alive of its own', bytes('jaK')],
    ['a STUN binding request', stun],
    ['one of RFC 3489', oldStun],
    ['the beginning of TLS', Buffer.from('1603010200010001fc0303', 'hex')],
    ['media that strayed', Buffer.concat([Buffer.from([0x80, 0]), Buffer.alloc(170)])],
    ['the beginning of a WebSocket', bytes('GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n')],
  ])('%s is no attack', (_, some) => {
    expect(isHonestForeign(some)).toBe(true);
    expect(observe().all({ ...request(), bytes: some })).toEqual([]);
  });

  test.each([
    ['text', bytes('hello, is anybody there?\r\n\r\n')],
    ['a web page', bytes('GET / HTTP/1.0\r\n\r\n')],
    ['another version of SIP', bytes('OPTIONS sip:x SIP/7.0\r\n\r\n')],
    ['zeros and more', Buffer.concat([Buffer.alloc(30), bytes('x')])],
  ])('%s is none of it', (_, some) => {
    expect(isHonestForeign(some)).toBe(false);
  });

  test('is judged whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (some) => typeof isHonestForeign(Buffer.from(some)) === 'boolean'),
    );
  });
});

describe('a request', () => {
  const headers = [
    'Via: SIP/2.0/UDP x;branch=z9hG4bK1',
    'From: <sip:a@x>;tag=1',
    'To: <sip:a@x>',
    'Call-ID: c',
    'CSeq: 1 OPTIONS',
  ];
  const problem = (lines: readonly string[], end = '\r\n\r\n') =>
    problemOf(scanSip(bytes(`OPTIONS sip:x SIP/2.0\r\n${lines.join('\r\n')}${end}`))!);

  test('in order has no problem', () => {
    expect(problem(headers)).toBeUndefined();
    expect(problem(['v: sip / 2.0 / udp x', 'f: a', 't: a', 'i: c', 'cseq: 0009  OPTIONS'])).toBeUndefined();
  });

  test.each(headers.map((header) => [header.split(':')[0]!]))('without %s has one', (name) => {
    expect(problem(headers.filter((header) => !header.startsWith(`${name}:`)))).toBe('missing-header');
  });

  test.each([
    ['a Via of nothing known', ['Via: nonsense', ...headers.slice(1)]],
    ['a CSeq without a number', [...headers.slice(0, 4), 'CSeq: OPTIONS']],
  ])('with %s has one', (_, lines) => {
    expect(problem(lines)).toBe('broken-header');
  });

  test('whose end is cut off is not judged', () => {
    expect(problem(headers.slice(0, 2), '\r\nTo: <si')).toBeUndefined();
    expect(problem(headers.slice(0, 2), '\r\n')).toBeUndefined();
  });

  test.each(['wsinv', 'intmeth', 'longreq', 'compact', 'lf-only', 'transports', 'lwsdisp'])(
    'of those that are hard to read but in order, %s, has none',
    (name) => {
      const sip = scanSip(readFileSync(`fixtures/sip-torture/${name}.dat`))!;
      expect(problemOf(sip)).toBeUndefined();
    },
  );
});

describe('the observer', () => {
  const garbage = { ...request(), bytes: bytes('hello, is anybody there?') };

  test('tells of what is no SIP, and sums up its repeats', () => {
    const observer = observe();
    observer.all(garbage, { ...garbage, time: 10 }, { ...garbage, time: 20 });
    observer.end();
    const common = { kind: 'malformed-message', problem: 'not-sip', source: attacker, local: pbx };
    expect(observer.said).toMatchObject([
      { ...common, messages: 1, proof: { level: 'asserted' } },
      { ...common, messages: 2 },
    ]);
  });

  test('proves it by a connection that was proven', () => {
    const told = observe().all({ ...garbage, transport: 'tcp', isConnectionProven: true });
    expect(told).toMatchObject([{ proof: { level: 'proven', by: 'connection' } }]);
  });

  test('tells of a request that lacks what it must have', () => {
    const lacking = { ...request(), bytes: bytes('OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n') };
    expect(observe().all(lacking)).toMatchObject([{ kind: 'malformed-message', problem: 'missing-header' }]);
  });

  test('says nothing of what we send, or of a message that is in order', () => {
    expect(observe().all({ ...garbage, direction: 'out' }, request(), answer())).toEqual([]);
  });
});

describe('a request that is made to falsify events', () => {
  test('is told, with its source, in whichever place it does so', () => {
    const inCaller = request({ user: '100%0d' });
    const inTarget = request({ method: 'OPTIONS', uri: 'sip:1%0A@192.0.2.1' });
    const tampered = { kind: 'event-tampered', source: attacker, proof: { level: 'asserted' } };
    expect(observe().all(inCaller)).toMatchObject([tampered]);
    expect(observe().all(inTarget)).toMatchObject([tampered]);
  });

  test('is none where other characters are written so', () => {
    expect(observe().all(request({ user: '%2B44%20123' }), request({ uri: 'sip:%23%2a@x' }))).toEqual([]);
  });
});
