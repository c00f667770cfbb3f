import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMessageSignatures } from '../../src/capture/message-signatures.ts';
import { scanSip } from '../../src/capture/sip-scan.ts';
import { foreignTextLimit } from '../../src/model/observation.ts';
import type { Signature, SignatureField } from '../../src/model/signature.ts';

const look = (
  field: SignatureField,
  pattern: string,
  confidence: Signature['confidence'] = 'drop',
): Signature => ({ name: `${field} ${pattern}`, field, pattern, confidence });

/** What is found in an OPTIONS with these headers. */
function find(signatures: readonly Signature[], headers: string, line = 'OPTIONS sip:192.0.2.1 SIP/2.0') {
  const scan = scanSip(Buffer.from(`${line}\r\n${headers}\r\n\r\n`));
  if (!scan) throw new Error('no SIP');
  return createMessageSignatures(signatures)(scan);
}

const svmap = look('from', '*<sip:100@1.1.1.1>*');

test('names the signature, its field and its confidence, and shows the value', () => {
  expect(find([svmap], 'From: "x"<sip:100@1.1.1.1>;tag=1')).toEqual([
    {
      signature: 'from *<sip:100@1.1.1.1>*',
      field: 'from',
      confidence: 'drop',
      value: '"x"<sip:100@1.1.1.1>;tag=1',
    },
  ]);
});

test.each([
  ['user-agent', 'probe*', 'User-Agent: Probe 1'],
  ['from', '*nm@nm*', 'From: <sip:nm@nm>;tag=root'],
  ['to', '*nm2@nm2*', 'To: <sip:nm2@nm2>'],
  ['via', '* nm;branch=foo', 'Via: SIP/2.0/TCP nm;branch=foo'],
] as const)('looks into %s, and into no other header', (field, pattern, headers) => {
  expect(find([look(field, pattern)], headers)).toMatchObject([{ field }]);
  expect(find([look(field, pattern)], `X-${headers}`)).toEqual([]);
});

test('looks into the first line', () => {
  const signatures = [look('request-line', 'options sip:nm SIP/2.0')];
  expect(find(signatures, 'Via: x', 'OPTIONS sip:nm SIP/2.0')).toMatchObject([{ field: 'request-line' }]);
  expect(find(signatures, 'Via: x', 'OPTIONS sip:nm2 SIP/2.0')).toEqual([]);
});

describe('is not misled', () => {
  test.each([
    ['a compact name', 'f: <sip:100@1.1.1.1>'],
    ['blanks before and behind the colon', 'From \t:  \t <sip:100@1.1.1.1>  \t'],
    ['a folded header', 'From:\r\n \r\n\t<sip:100@1.1.1.1>'],
    ['a header that is folded inside its value', 'From: "x"\r\n  <sip:100@1.1.1.1>'],
    ['a value that is padded at length', `From: "${'x'.repeat(1_000)}" <sip:100@1.1.1.1>`],
    ['capital letters', 'FROM: <SIP:100@1.1.1.1>'],
    ['an earlier header of that name', 'From: <sip:x@192.0.2.1>\r\nFrom: <sip:100@1.1.1.1>'],
  ])('by %s', (_, headers) => {
    expect(find([svmap], headers)).toHaveLength(1);
  });

  test('by a second Via', () => {
    const signatures = [look('via', '* pc33.atlanta.com*')];
    const [own, other] = ['v: SIP/2.0/UDP pc33.atlanta.com;branch=1', 'Via: SIP/2.0/UDP 192.0.2.1'];
    expect(find(signatures, `${own}\r\n${other}`)).toHaveLength(1);
    expect(find(signatures, `${other}\r\n${own}`)).toEqual([]);
  });
});

test('a strong signature is found behind a weak one that ends before it, in its own field and in another', () => {
  const [weak, strong] = [look('user-agent', 'voip*', 'score'), look('user-agent', '*scan*')];
  expect(find([weak, strong], 'User-Agent: voip-scan')).toMatchObject([{ confidence: 'drop' }]);
  expect(find([weak, svmap], 'User-Agent: voip\r\nFrom: <sip:100@1.1.1.1>')).toMatchObject([
    { confidence: 'drop', field: 'from' },
  ]);
});

test('of weak signatures one of each field is told', () => {
  const signatures = [
    look('user-agent', 'sipsak*', 'score'),
    look('user-agent', '*0.9*', 'score'),
    look('from', '*sip:sipsak@*', 'score'),
  ];
  const found = find(signatures, 'User-Agent: sipsak 0.9.8\r\nFrom: <sip:sipsak@127.0.0.1>');
  expect(found.map(({ field }) => field)).toEqual(['user-agent', 'from']);
});

test('shows no more of a value than any text of a stranger', () => {
  const [found] = find([look('user-agent', 'x*')], `User-Agent: ${'x'.repeat(5_000)}`);
  expect(found?.value).toBe('x'.repeat(foreignTextLimit));
});

test('any bytes can be looked at', () => {
  const findIn = createMessageSignatures([svmap, look('via', '*ü*'), look('request-line', '*x*', 'score')]);
  const start = Buffer.from('OPTIONS sip:x SIP/2.0\r\nf: ');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const scan = scanSip(Buffer.concat([start, bytes]));
      if (scan) findIn(scan);
    }),
  );
});
