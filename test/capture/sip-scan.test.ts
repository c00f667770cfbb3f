import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { userOf } from '../../src/capture/sip-address.ts';
import {
  allHeaderBytes,
  headerBytes,
  headerText,
  methodOf,
  requestUri,
  type SipScan,
  scanSip,
} from '../../src/capture/sip-scan.ts';
import { foreignTextLimit } from '../../src/model/observation.ts';

const torture = new URL('../../fixtures/sip-torture/', import.meta.url);
const recorded = new URL('../../fixtures/sip-asterisk22/', import.meta.url);
const scan = scanSip;

interface Expected {
  method?: string;
  status?: number;
  user: string;
  callId: string;
  [header: string]: unknown;
}
const expectations = JSON.parse(readFileSync(new URL('expected.json', torture), 'utf8')) as Record<
  string,
  Expected | null
>;
const readers: Record<string, (sip: SipScan) => unknown> = {
  method: methodOf,
  status: (sip) => sip.status,
  user: (sip) => userOf(headerBytes(sip, 'from')),
  callId: (sip) => headerText(sip, 'call-id'),
  userAgent: (sip) => headerText(sip, 'user-agent'),
  cseq: (sip) => headerText(sip, 'cseq'),
  via: (sip) => headerText(sip, 'via'),
  contact: (sip) => headerText(sip, 'contact'),
  expires: (sip) => headerText(sip, 'expires'),
  contentLength: (sip) => headerText(sip, 'content-length'),
  credentials: (sip) => allHeaderBytes(sip, 'credentials'),
};

function found(bytes: Buffer, like: Expected | null): Record<string, unknown> | null {
  const sip = scan(bytes);
  if (!sip) return null;
  return Object.fromEntries(Object.keys(like ?? { method: 1 }).map((key) => [key, readers[key]!(sip)]));
}

/** All that can be asked of a scan. */
function everything(sip: SipScan): string[] {
  const single = ['via', 'from', 'to', 'call-id', 'cseq', 'user-agent', 'contact', 'expires'] as const;
  return [methodOf(sip), ...single.map((header) => headerText(sip, header))];
}

describe('a torture message', () => {
  test.each(Object.entries(expectations))('%s is read as far as it can be', (name, expected) => {
    expect(found(readFileSync(new URL(`${name}.dat`, torture)), expected)).toEqual(expected);
  });

  test('that lies there has an expectation', () => {
    const files = readdirSync(torture).filter((name) => name.endsWith('.dat'));
    expect(files.map((name) => name.slice(0, -4)).sort()).toEqual(Object.keys(expectations).sort());
  });
});

describe('a message of a real Asterisk', () => {
  const read = (name: string): SipScan => scan(readFileSync(new URL(`${name}.sip`, recorded)))!;

  test('yields method, account, Call-ID and credentials of a registration', () => {
    const sip = read('register-with-credentials');
    expect(methodOf(sip)).toBe('REGISTER');
    expect(requestUri(sip)).toBe('sip:10.77.0.1:5060');
    expect(userOf(headerBytes(sip, 'from'))).toBe('100');
    expect(headerText(sip, 'call-id')).toBe('d9c31b7f1f5f26fe');
    expect(headerText(sip, 'cseq')).toBe('2 REGISTER');
    expect(headerText(sip, 'user-agent')).toBe('sipx');
    expect(allHeaderBytes(sip, 'credentials')).toEqual([expect.stringMatching(/^Digest username="100",/)]);
  });

  test('yields status and challenge of a 401', () => {
    const sip = read('challenge');
    expect(sip.status).toBe(401);
    expect(allHeaderBytes(sip, 'challenges')).toEqual([expect.stringMatching(/^Digest realm="asterisk",/)]);
    expect(allHeaderBytes(sip, 'credentials')).toEqual([]);
  });

  test.each([
    ['register-ipv6', 0],
    ['register-websocket', 0],
    ['options', 0],
    ['forbidden', 403],
    ['registered', 200],
  ])('is recognised over every transport and in both directions: %s', (name, status) => {
    expect(read(name).status).toBe(status);
  });
});

test('all Authorization and Proxy-Authorization headers are found, in their order', () => {
  const sip = scan(
    Buffer.from(
      'REGISTER sip:a SIP/2.0\r\nAuthorization: one\r\nPROXY-authorization : two\r\nauthorization:three\r\n',
    ),
  )!;
  expect(allHeaderBytes(sip, 'credentials')).toEqual(['one', 'two', 'three']);
});

test('a name that only begins or ends like a known one is not that header', () => {
  const sip = scan(
    Buffer.from('OPTIONS sip:a SIP/2.0\r\nFromm: a\r\nXFrom: b\r\nFro: c\r\nUser_Agent: d\r\n'),
  )!;
  expect(headerText(sip, 'from')).toBe('');
  expect(headerText(sip, 'user-agent')).toBe('');
});

test('nothing of the body is read as a header', () => {
  const sip = scan(
    Buffer.from('MESSAGE sip:a SIP/2.0\r\nFrom: <sip:1@a>\r\n\r\nUser-Agent: x\r\nFrom: <sip:2@a>\r\n'),
  )!;
  expect(headerText(sip, 'user-agent')).toBe('');
  expect(headerText(sip, 'from')).toBe('<sip:1@a>');
});

test('a message cut anywhere is read without complaint, and never says more than the whole one', () => {
  const whole = readFileSync(new URL('register-with-credentials.sip', recorded));
  for (let length = 0; length < whole.length; length += 1) {
    const sip = scan(whole.subarray(0, length));
    if (!sip) continue;
    const all = whole.toString('latin1');
    for (const text of everything(sip)) expect(all).toContain(text);
  }
});

test('ten thousand lines and ten thousand blanks are no more work than other bytes', () => {
  for (const filler of ['v\n', 'v \r\n :', 'c\r\n ', ' ', 'Authorization:\n']) {
    const bytes = Buffer.from(`REGISTER sip:a SIP/2.0\r\n${filler.repeat(60_000 / filler.length)}`);
    const started = process.cpuUsage();
    for (let round = 0; round < 20; round += 1) everything(scan(bytes)!);
    expect(process.cpuUsage(started).user / 20).toBeLessThan(50_000);
  }
});

describe('of any bytes', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'REGISTER sip:a SIP/2.0',
      'SIP/2.0 401 No',
      '\r\n',
      '\r',
      '\n',
      ' ',
      '\t',
      ':',
      '\0',
      'v',
      'From',
    ),
    fc.constantFrom(
      'Authorization',
      'Call-ID',
      'user-agent',
      '"',
      '<sip:1@a>',
      '\x1b[31m',
      '\u202e',
      'é',
      '%0d%0a',
    ),
    fc.string({ unit: 'binary' }),
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 2_000 }).map((array) => Buffer.from(array)),
    fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join(''))),
    fc
      .array(piece, { maxLength: 60 })
      .map((pieces) => Buffer.from(`OPTIONS sip:a SIP/2.0\r\n${pieces.join('')}`)),
  );

  test('the scanner throws nothing, and what it says is short and can be shown', () => {
    fc.assert(
      fc.property(bytes, (message) => {
        const sip = scan(message);
        if (!sip) return;
        for (const text of everything(sip)) {
          expect(text.length).toBeLessThanOrEqual(foreignTextLimit);
          expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        }
        expect(allHeaderBytes(sip, 'credentials').join('').length).toBeLessThanOrEqual(message.length);
        requestUri(sip);
      }),
      { numRuns: 2_000 },
    );
  });

  test('the order of headers and the kind of line end change nothing', () => {
    const headers = [
      'From: <sip:1@a>',
      'Call-ID: x',
      'CSeq: 1 OPTIONS',
      'User-Agent: y',
      'Via: SIP/2.0/UDP z',
    ];
    const shuffled = fc.shuffledSubarray(headers, { minLength: headers.length });
    fc.assert(
      fc.property(shuffled, fc.constantFrom('\r\n', '\n', '\r'), (order, lineEnd) => {
        const text = ['OPTIONS sip:a SIP/2.0', ...order, '', 'body'].join(lineEnd);
        expect(everything(scan(Buffer.from(text))!)).toEqual([
          'OPTIONS',
          'SIP/2.0/UDP z',
          '<sip:1@a>',
          '',
          'x',
          '1 OPTIONS',
          'y',
          '',
          '',
        ]);
      }),
    );
  });
});
