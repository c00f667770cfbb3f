import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sipServerOf } from '../../src/asterisk/sip-server.ts';

describe('the server in a URI', () => {
  test.each([
    ['sip:provider.example', 'provider.example', false],
    ['sip:provider.example:5080', 'provider.example', true],
    ['sip:198.51.100.20', '198.51.100.20', false],
    ['sip:user@provider.example;transport=tcp', 'provider.example', false],
    ['sip:user:secret@provider.example:5060;line=x?a=b', 'provider.example', true],
    ['sips:[2001:db8::1]:5061', '2001:db8::1', true],
    ['sip:[2001:db8::1]', '2001:db8::1', false],
    ['"The provider" <sip:provider.example>;expires=60', 'provider.example', false],
    ['SIP:Provider.Example.', 'Provider.Example.', false],
    ['sip:a;b=c@sbc_1.example', 'sbc_1.example', false],
  ])('%s is %s', (uri, host, hasPort) => {
    expect(sipServerOf(uri)).toEqual({ host, hasPort });
  });

  test.each([
    '',
    'provider.example',
    'tel:+491234567',
    'sip:',
    'sip:user@',
    'sip:-a.example',
    'sip:a..example',
    'sip:a b.example',
    'sip:[2001:db8::1',
    `sip:${'a'.repeat(64)}.example`,
    `sip:${'a.'.repeat(600)}example`,
    'sip:a.example\nsip:b.example',
  ])('%j has none', (uri) => {
    expect(sipServerOf(uri)).toBeUndefined();
  });

  test('is read without a throw, and never more than a name or an address', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `sip:${text}`),
        ),
        (text) => {
          const host = sipServerOf(text)?.host ?? 'none';
          expect(host).toMatch(/^[\w.:-]{1,253}$/);
        },
      ),
    );
  });
});
