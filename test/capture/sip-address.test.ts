import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { userOf } from '../../src/capture/sip-address.ts';

test.each([
  ['<sip:100@192.0.2.1>;tag=x', '100'],
  ['sip:100@192.0.2.1;tag=x', '100'],
  ['"Bob" <sip:bob@192.0.2.1>', 'bob'],
  ['Bob the Builder <sips:bob@192.0.2.1:5061>', 'bob'],
  ['"a \\"<sip:false@x>\\"" <sip:true@192.0.2.1>', 'true'],
  ['"open <sip:j.user@192.0.2.1>', 'j.user'],
  ['<SIP:100:secret@192.0.2.1>', '100'],
  ['sip:a;par=u%40h@192.0.2.1', 'a;par=u@h'],
  ['<tel:+15550100;phone-context=x>', '+15550100'],
  ['<sip:192.0.2.1>', ''],
  ['<sip:192.0.2.1>;x="a@b"', ''],
  ['<sip:@192.0.2.1>', ''],
  ['100', ''],
  ['', ''],
  ['<<<>', ''],
])('the user of %p is %p', (value, user) => expect(userOf(value)).toBe(user));

test('percent codes are decoded once, broken ones stay', () => {
  expect(userOf('<sip:%31%30%30@h>')).toBe('100');
  expect(userOf('<sip:%2531@h>')).toBe('%31');
  expect(userOf('<sip:1%zz%4@h>')).toBe('1%zz%4');
});

test('a decoded line break, NUL or escape sequence does not survive', () => {
  expect(userOf('<sip:10%0d%0aRemoteAddress%3a%00%1b[2J@h>')).toBe('10RemoteAddress:[2J');
});

test('the name is cut at 36 bytes after decoding, as Asterisk cuts its AccountID', () => {
  expect(userOf(`<sip:${'%61'.repeat(60)}@h>`)).toBe('a'.repeat(36));
});

test('a name in UTF-8 is read as such', () => {
  expect(userOf(`<sip:${Buffer.from('jürgen').toString('latin1')}@h>`)).toBe('jürgen');
  expect(userOf('<sip:j%c3%bcrgen@h>')).toBe('jürgen');
});

test('throws at nothing and returns a short text', () => {
  const piece = fc.constantFrom(
    'sip:',
    '<',
    '>',
    '"',
    '\\',
    '@',
    ':',
    '%0a',
    '%',
    '100',
    ';',
    'tel:',
    '\0',
    ' ',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(piece).map((all) => all.join('')),
      ),
      (text) => {
        expect(userOf(text).length).toBeLessThanOrEqual(36);
        expect(userOf(text)).not.toMatch(/\p{Cc}/u);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('finds again what was percent-encoded', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'abc019 @:;<>"%&=?/'), maxLength: 36 }), (user) => {
      expect(userOf(`"x" <sip:${encodeURIComponent(user)}@192.0.2.1>;tag=1`)).toBe(user);
    }),
  );
});
