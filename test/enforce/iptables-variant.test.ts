// Rules in the tables that this machine's iptables does not show.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dividedTables } from '../../src/enforce/iptables-variant.ts';
import { missingForNamespaces, type Namespace, openNamespace } from './namespace.ts';

const needed = ['iptables', 'iptables-legacy', 'iptables-nft'];
const missing = await missingForNamespaces(needed);

(missing ? describe.skip : describe)(missing ? `variants (skipped: ${missing})` : 'variants', () => {
  let namespace: Namespace;
  let [shown, hidden]: readonly string[] = [];

  beforeEach(async () => {
    namespace = await openNamespace();
    const isNft = (await namespace.run('iptables', ['-V'])).includes('nf_tables');
    [shown, hidden] = isNft ? ['iptables-nft', 'iptables-legacy'] : ['iptables-legacy', 'iptables-nft'];
  });
  afterEach(() => namespace.remove());

  const rule = ['-A', 'INPUT', '-p', 'udp', '--dport', '5060', '-j', 'ACCEPT'];

  test('are no matter where all rules stand in the one that is shown', async () => {
    await namespace.run(shown!, rule);
    expect(await dividedTables(namespace.prefix)).toBeUndefined();
  });

  test('are told of where a rule stands in the other', async () => {
    await namespace.run(hidden!, rule);
    const notice = await dividedTables(namespace.prefix);
    expect(notice).toContain('one rule stands in the');
    expect(notice).toContain(`${hidden}-save`);
  });

  test('are no matter where iptables is not even installed', async () => {
    expect(await dividedTables([...namespace.prefix, '/usr/bin/env', 'PATH=/nowhere'])).toBeUndefined();
  });
});
