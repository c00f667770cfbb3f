import { describe, expect, test } from '@jest/globals';
import { canary } from '../../src/detect/canary.ts';
import { run } from '../flow.ts';
import { call, failure, fileRequest, probe, proven, success } from '../observations.ts';
import { detectorContext } from './context.ts';

const options = { accounts: ['8999'], files: ['SEP000000000001.cnf.xml'] };
const make = () => canary.create(options, detectorContext());

describe('canary', () => {
  test.each([
    ['asks for the account', probe('8999')],
    ['guesses its password', failure({ account: '8999' })],
    ['calls in its name', call('600', { account: '8999' })],
    ['asks for the file', fileRequest('SEP000000000001.cnf.xml')],
    ['asks for it in a folder and in other letters', fileRequest('/tftpboot\\sep000000000001.CNF.XML')],
  ])('finds at once who %s', (_, touch) => {
    expect(make().observe(touch)).toMatchObject({ attack: 'canary', source: '203.0.113.66' });
  });

  test.each([
    ['another account', probe('899')],
    ['another file', fileRequest('SEP000000000002.cnf.xml')],
    ['a call to it', call('8999')],
    ['the file as an account', probe('SEP000000000001.cnf.xml')],
  ])('says nothing of %s', (_, observation) => {
    expect(make().observe(observation)).toBeUndefined();
  });

  test('finds nobody where no canary is named', () => {
    const { observe } = canary.create({ accounts: [], files: [] }, detectorContext());
    expect([probe('8999'), fileRequest(''), success()].map(observe)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('drops for what could be forged, and bans for what is proven', () => {
    const { pipeline, actions } = run({ detect: { canary: options } });
    pipeline.observe([fileRequest('SEP000000000001.cnf.xml')]);
    pipeline.observe([failure({ account: '8999', proof: proven() })]);
    expect(actions()).toEqual(['drop 203.0.113.66', 'ban 203.0.113.66']);
  });
});
