import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createAddressTexts } from '../../src/capture/address-text.ts';
import { readHep } from '../../src/capture/hep.ts';
import { caller, hepChunk, hepDatagram, hepOf, pbxTls } from './hep-datagrams.ts';

const texts = createAddressTexts();
const read = (bytes: Buffer) => readHep(bytes, texts);
const fixture = (name: string) => readFileSync(`fixtures/hep/${name}`);

describe('HEP of Asterisk 22', () => {
  test.each([
    ['udp-register-req', 17, '10.77.0.66', 34_210, '10.77.0.1', 5_060, 'REGISTER sip:10.77.0.1:5060 SIP/2.0'],
    ['tls-401-challenge', 6, '10.77.0.1', 5_061, '10.77.0.66', 37_357, 'SIP/2.0 401 Unauthorized'],
    ['udp6-register-req', 17, 'fd77::66', 49_318, 'fd77::1', 5_060, 'REGISTER sip:[fd77::1]:5060 SIP/2.0'],
    ['ws-register-req', 6, '127.0.0.1', 46_974, '127.0.0.1', 8_088, 'REGISTER sip:127.0.0.1 SIP/2.0'],
  ])('is read: %s', (name, protocol, from, fromPort, to, toPort, line) => {
    const message = read(fixture(`${name}.hep3`));
    expect(message).toMatchObject({
      protocol,
      source: { address: from, port: fromPort },
      destination: { address: to, port: toPort },
    });
    if (typeof message === 'string') throw new Error(message);
    expect(message.key.toString()).toBe('s3cret');
    expect(message.payload.toString().split('\r\n')[0]).toBe(line);
    expect(new Date(message.time).toISOString()).toMatch(/^2026-11-23T01:2/);
  });
});

describe('a HEP datagram', () => {
  test('may hold chunks that nobody knows, of vendors too', () => {
    const more = [
      hepChunk(12, Buffer.alloc(4)),
      hepChunk(999, Buffer.from('x')),
      hepChunk(15, Buffer.from('y'), 5),
    ];
    expect(read(hepDatagram({ more }))).toMatchObject({ source: caller, destination: pbxTls });
  });

  test('tells the time to the millisecond', () => {
    expect(read(hepDatagram({ time: 1_700_000_000_123 }))).toMatchObject({ time: 1_700_000_000_123 });
  });

  test.each<[string, Buffer]>([
    ['hep: not HEP3', Buffer.from('HEP2 and more')],
    ['hep: not HEP3', Buffer.alloc(0)],
    ['hep: a length that is not its own', hepDatagram().subarray(0, -1)],
    ['hep: a length that is not its own', Buffer.concat([hepDatagram(), Buffer.alloc(1)])],
    ['hep: a chunk that is cut', hepOf([Buffer.from([0, 0, 0, 15, 255, 255])])],
    ['hep: a chunk that is cut', hepOf([Buffer.from([0, 0, 0, 15, 0, 0])])],
    ['hep: a chunk that is cut', hepOf([Buffer.from([0, 0, 0])])],
    ['hep: a chunk is missing', hepOf([])],
    ['hep: a chunk of another length', hepOf([hepChunk(7, Buffer.alloc(3))])],
    ['hep: a chunk that is there twice', hepDatagram({ more: [hepChunk(15, Buffer.from('another'))] })],
    [
      'hep: a chunk that is there twice',
      hepDatagram({ password: 'a', more: [hepChunk(14, Buffer.from('b'))] }),
    ],
    [
      'hep: too many chunks',
      hepDatagram({ more: Array.from({ length: 60 }, () => hepChunk(99, Buffer.alloc(0))) }),
    ],
    [
      'hep: not two addresses of one family',
      hepDatagram({ more: [hepChunk(5, Buffer.alloc(16)), hepChunk(6, Buffer.alloc(16))] }),
    ],
  ])('is refused with its reason: %s', (reason, bytes) => {
    expect(read(bytes)).toBe(reason);
  });

  test('of another kind than SIP is not read', () => {
    const bytes = hepDatagram();
    const at = bytes.indexOf(Buffer.from([0, 0, 0, 11, 0, 7]));
    bytes[at + 6] = 5;
    expect(read(bytes)).toBe('hep: not SIP');
  });

  test('gives back whatever it was made of', () => {
    const port = fc.integer({ min: 0, max: 65_535 });
    const peers = fc.oneof(
      fc.tuple(fc.constant('192.0.2.7'), fc.constant('198.51.100.9')),
      fc.tuple(fc.constant('2001:db8::7'), fc.constant('2001:db8::9')),
    );
    fc.assert(
      fc.property(
        peers,
        port,
        port,
        fc.string(),
        fc.string(),
        ([from, to], fromPort, toPort, password, payload) => {
          const source = { address: from, port: fromPort };
          const destination = { address: to, port: toPort };
          const message = read(hepDatagram({ source, destination, password, payload }));
          if (typeof message === 'string') throw new Error(message);
          expect(message).toMatchObject({ source, destination });
          expect(message.key.toString()).toBe(password);
          expect(message.payload.toString()).toBe(payload);
        },
      ),
    );
  });

  test('never makes the reader fail, however it is damaged', () => {
    const names = readdirSync('fixtures/hep', { recursive: true, encoding: 'utf8' });
    const corpus = names.filter((name) => name.endsWith('.hep3')).map(fixture);
    const damage = fc.array(fc.tuple(fc.nat(800), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(...corpus), damage, fc.nat(800), (sample, changes, cut) => {
        const bytes = Buffer.from(sample.subarray(0, Math.max(cut, 20)));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        bytes.writeUInt16BE(bytes.length, 4);
        const message = read(bytes);
        return typeof message === 'string'
          ? message.startsWith('hep: ')
          : message.payload.length <= bytes.length;
      }),
      { numRuns: 3_000 },
    );
  });
});
