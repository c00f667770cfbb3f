import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readDigest } from '../../src/capture/digest.ts';
import { foreignTextLimit } from '../../src/model/observation.ts';

test('reads of a real Authorization what is asked for, and passes over the rest', () => {
  const value =
    'Digest username="100",realm="asterisk",nonce="1795397155/54e60c85c82bca6c37588508e3a6b11e",' +
    'uri="sip:192.0.2.1:5060",response="0c485e7f7854c9baeba95f9b5052bed9",algorithm=MD5,cnonce="7",qop=auth,nc=00000001';
  expect(readDigest(value)).toEqual({
    username: '100',
    nonce: '1795397155/54e60c85c82bca6c37588508e3a6b11e',
    response: '0c485e7f7854c9baeba95f9b5052bed9',
  });
});

test('takes any case, blanks, folds, bare values and empty list members', () => {
  expect(readDigest(' dIGEST\tNONCE = "a" ,, \r\n Stale=TRUE,UserName=bob')).toEqual({
    nonce: 'a',
    stale: 'TRUE',
    username: 'bob',
  });
});

test('undoes escapes, and finds no parameter inside a quoted text', () => {
  expect(readDigest('Digest username="a\\"b\\\\, nonce=\\"false", nonce="true"')).toEqual({
    username: 'a"b\\, nonce="false',
    nonce: 'true',
  });
});

test('the first of a repeated parameter counts', () => {
  expect(readDigest('Digest nonce="one", nonce="two"')).toEqual({ nonce: 'one' });
});

test.each(['Basic dXNlcg==', 'NoOneKnowsThisScheme opaque-data=here', 'Digestive nonce="a"', '', '   '])(
  'another scheme is no digest: %p',
  (value) => expect(readDigest(value)).toBeUndefined(),
);

test.each([
  ['Digest', {}],
  ['Digest username', {}],
  ['Digest username=', { username: '' }],
  ['Digest username="10', { username: '10' }],
  ['Digest username="10\\', { username: '10' }],
  ['Digest ="x", nonce="n"', { nonce: 'n' }],
  ['Digest __proto__="x", constructor="y"', {}],
])('what is cut or broken is read as far as it goes: %p', (value, expected) => {
  expect(readDigest(value)).toEqual(expected);
});

test('texts are cut and lose their control characters', () => {
  const digest = readDigest(`Digest username="a\r\nb\0${'c'.repeat(500)}"`);
  expect(digest?.username).toBe(`ab${'c'.repeat(foreignTextLimit - 2)}`);
});

test('sixteen thousand characters that fit nothing take no longer than others', () => {
  for (const filler of ['a', 'a ', '=', '"', '\\', 'a=', '"\\', ',', ' ']) {
    const started = process.cpuUsage();
    readDigest(`Digest ${filler.repeat(16_384 / filler.length)}`);
    expect(process.cpuUsage(started).user).toBeLessThan(200_000);
  }
});

test('throws at nothing and returns short texts', () => {
  const piece = fc.constantFrom(
    'username',
    'nonce',
    '=',
    '"',
    '\\',
    ',',
    ' ',
    '\r\n',
    'stale',
    'true',
    '\0',
    'é',
    '=',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(piece).map((all) => all.join('')),
      ),
      (text) => {
        for (const value of Object.values(readDigest(`Digest ${text}`) ?? {})) {
          if (value === undefined) continue;
          expect(value.length).toBeLessThanOrEqual(foreignTextLimit);
          expect(value).not.toMatch(/\p{Cc}/u);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test('finds again what was quoted as RFC 3261 has it', () => {
  const text = fc.string({ unit: fc.constantFrom(...'abc019 ",=\\:;<>@') }).map((value) => value.trim());
  fc.assert(
    fc.property(text, text, (username, nonce) => {
      const quote = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`;
      expect(readDigest(`Digest username=${quote(username)}, nonce=${quote(nonce)}`)).toEqual({
        username,
        nonce,
      });
    }),
  );
});
