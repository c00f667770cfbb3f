import { describe, expect, test } from '@jest/globals';
import { knownTrunks, trunkPlaces } from '../../src/asterisk/trunks.ts';

const endpoint = (name: string, matches: readonly string[] = [], staticContacts: readonly string[] = []) => ({
  name,
  authenticates: false,
  matches,
  staticContacts,
});
const nobody = () => [];

describe('trunks', () => {
  test('are what identifies an endpoint, its static contacts, and where we register', () => {
    const { places, servers } = trunkPlaces(
      [
        endpoint(
          'trunk',
          ['198.51.100.20/255.255.255.255,2001:db8::/ffff:ffff::'],
          ['sip:198.51.100.21:5060'],
        ),
      ],
      [{ serverUri: 'sip:198.51.100.22', endpoint: 'trunk' }],
    );
    expect(servers).toEqual([]);
    expect(knownTrunks(places, nobody).trunks).toEqual([
      { network: '198.51.100.20', endpoint: 'trunk', because: 'identify' },
      { network: '2001:db8::/32', endpoint: 'trunk', because: 'identify' },
      { network: '198.51.100.21', endpoint: 'trunk', because: 'static-contact' },
      { network: '198.51.100.22', endpoint: 'trunk', because: 'outbound-registration' },
    ]);
  });

  test('whose servers are names are where these names are', () => {
    const { places, servers } = trunkPlaces(
      [endpoint('trunk', ['sbc.provider.example'], ['sip:sip.provider.example'])],
      [{ serverUri: 'sip:sip.provider.example:5060', endpoint: '' }],
    );
    expect(servers).toEqual([
      { host: 'sbc.provider.example', hasPort: false },
      { host: 'sip.provider.example', hasPort: false },
      { host: 'sip.provider.example', hasPort: true },
    ]);
    const { trunks } = knownTrunks(places, ({ host, hasPort }) =>
      host === 'sip.provider.example' ? [hasPort ? '198.51.100.1' : '198.51.100.2'] : [],
    );
    expect(trunks).toEqual([
      { network: '198.51.100.2', endpoint: 'trunk', because: 'static-contact' },
      { network: '198.51.100.1', endpoint: '', because: 'outbound-registration' },
    ]);
  });

  test('are told once, however often they are written', () => {
    const { places } = trunkPlaces([endpoint('trunk', ['198.51.100.20', '198.51.100.20/32'])], []);
    expect(knownTrunks(places, nobody).trunks).toHaveLength(1);
  });

  test.each([
    ['10.0.0.0/255.0.0.0', '10.0.0.0/8 of endpoint trunk is too wide'],
    ['0.0.0.0/0.0.0.0', '0.0.0.0/0 of endpoint trunk is too wide'],
    ['2001:d00::/31', '2001:d00::/31 of endpoint trunk is too wide'],
    ['::/0', '::/0 of endpoint trunk is too wide'],
    ['224.0.0.251', "224.0.0.251 of endpoint trunk is nobody's address"],
    ['0.0.0.0/32', "0.0.0.0 of endpoint trunk is nobody's address"],
    ['255.255.255.255', "255.255.255.255 of endpoint trunk is nobody's address"],
  ])('are not the network %s', (match, reason) => {
    const { places } = trunkPlaces([endpoint('trunk', [`${match},198.51.100.20`])], []);
    expect(knownTrunks(places, nobody)).toEqual({
      trunks: [{ network: '198.51.100.20', endpoint: 'trunk', because: 'identify' }],
      notBelieved: [reason],
    });
  });

  test.each(['127.0.0.1', '127.0.0.0/8', '::1', '169.254.7.7', 'fe80::1'])(
    'are not %s, and nobody needs to be told',
    (match) => {
      const { places } = trunkPlaces([endpoint('trunk', [match])], []);
      expect(knownTrunks(places, nobody)).toEqual({ trunks: [], notBelieved: [] });
    },
  );

  test('may be as wide as a large provider', () => {
    const { places } = trunkPlaces([endpoint('trunk', ['10.20.0.0/16,2001:db8::/32'])], []);
    expect(knownTrunks(places, nobody).trunks.map(({ network }) => network)).toEqual([
      '10.20.0.0/16',
      '2001:db8::/32',
    ]);
  });
});
