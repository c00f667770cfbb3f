import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseIdentifyMatch } from '../../src/asterisk/identify-match.ts';
import { parseNetwork } from '../../src/model/address.ts';

describe('what an endpoint is identified by', () => {
  test.each([
    ['198.51.100.20/255.255.255.255', ['198.51.100.20']],
    ['198.51.100.20', ['198.51.100.20']],
    ['203.0.113.0/255.255.255.0,198.51.100.0/26', ['203.0.113.0/24', '198.51.100.0/26']],
    ['203.0.113.77/255.255.255.0', ['203.0.113.0/24']],
    ['192.0.2.7:5061/255.255.255.255', ['192.0.2.7']],
    ['2001:db8:77::/ffff:ffff:ffff::', ['2001:db8:77::/48']],
    ['2001:db8::20/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ['2001:db8::20']],
    ['[2001:db8::20]:5061/128', ['2001:db8::20']],
    ['::ffff:192.0.2.9/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ['192.0.2.9']],
    ['0.0.0.0/0.0.0.0', ['0.0.0.0/0']],
  ])('%s is read as its networks', (text, networks) => {
    expect(parseIdentifyMatch(text)).toEqual({ networks, hosts: [] });
  });

  test('may be a host name in some versions, with a port or without', () => {
    expect(parseIdentifyMatch('sip.provider.example, sbc.provider.example:5060')).toEqual({
      networks: [],
      hosts: ['sip.provider.example', 'sbc.provider.example'],
    });
  });

  test('is not what is excepted from it', () => {
    expect(parseIdentifyMatch('10.0.0.0/255.255.0.0,!10.0.1.0/255.255.255.0').networks).toEqual([
      '10.0.0.0/16',
    ]);
  });

  test.each([
    '198.51.100.20/255.0.255.0',
    '198.51.100.20/33',
    '198.51.100.20/ffff::',
    '198.51.100.20/24/24',
    '2001:db8::/129',
    '2001:db8::/255.255.255.0',
    '198.51.100.20%eth0',
    'a b/24',
    'provider.example/24',
    '',
    ',,',
  ])('%s is nothing', (text) => {
    expect(parseIdentifyMatch(text)).toEqual({ networks: [], hosts: [] });
  });

  test('whatever it is, is canonical or nothing', () => {
    const part = fc.oneof(
      fc.string(),
      fc.ipV4(),
      fc.ipV6(),
      fc.tuple(fc.ipV4(), fc.ipV4()).map((pair) => pair.join('/')),
      fc.tuple(fc.ipV6(), fc.ipV6()).map((pair) => pair.join('/')),
      fc.tuple(fc.ipV4(), fc.integer({ min: -1, max: 40 })).map((pair) => pair.join('/')),
      fc.tuple(fc.ipV6(), fc.integer({ min: -1, max: 140 })).map((pair) => pair.join('/')),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const { networks, hosts } = parseIdentifyMatch(parts.join(','));
        for (const network of networks) expect(parseNetwork(network)).toBe(network);
        for (const host of hosts) expect(host).toMatch(/^[\w.-]+$/);
      }),
    );
  });
});
