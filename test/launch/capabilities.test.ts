import { expect, test } from '@jest/globals';
import { lackedCapabilities, neededCapabilities } from '../../src/launch/capabilities.ts';

test.each([
  ['ipset', 'nflog', ['net_admin', 'net_raw']],
  ['ipset', 'off', ['net_admin', 'net_raw']],
  ['auto', 'nflog', ['net_admin', 'net_raw']],
  ['set-only', 'nflog', ['net_admin', 'net_raw']],
  ['nftables', 'nflog', ['net_admin']],
  ['nftables', 'af-packet', ['net_admin', 'net_raw']],
  ['dry-run', 'nflog', ['net_admin']],
  ['dry-run', 'af-packet', ['net_raw']],
  ['dry-run', 'off', []],
] as const)('the backend %s and the source %s need %j', (backend, source, needed) => {
  expect(neededCapabilities({ backend, source })).toEqual(needed);
});

test('those that the process status does not name are lacked', () => {
  const status = 'CapPrm:\t0000000000003000\nCapEff:\t0000000000003000\nCapAmb:\t0000000000001000\n';
  const needed = ['net_admin', 'net_raw'] as const;
  expect(lackedCapabilities(needed, 'permitted', status)).toEqual([]);
  expect(lackedCapabilities(needed, 'ambient', status)).toEqual(['net_raw']);
  expect(lackedCapabilities(needed, 'ambient', 'Name:\tnode\n')).toEqual(needed);
});
