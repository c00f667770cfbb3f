// The whole of sipwarden over another back end than the usual one, and from one to the other while it runs.
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { missingForNamespaces } from '../enforce/namespace.ts';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';
import { svmap } from './tools.ts';

jest.setTimeout(60_000);
const withoutNft = await missingForNamespaces(['nft']);

describeWhere(['root', 'namespaces', 'firewall', 'sipvicious', 'tcpdump'], 'a host with nftables', () => {
  if (withoutNft) {
    test.skip(`is not there: ${withoutNft}`, () => {});
    return;
  }
  let network: Network;
  let sipwarden: Sipwarden;
  beforeAll(async () => {
    network = await createNetwork();
    sipwarden = await startSipwarden(network, undefined, '[firewall]\nbackend = "nftables"');
  });
  afterAll(async () => {
    await sipwarden?.stop();
    await network?.close();
  });
  const attacker = addresses.attacker.ipv4;
  const nft = async (...args: readonly string[]) => (await network.run('pbx', 'nft', args)).stdout;
  const becomes = (backend: string) =>
    waitFor(`the back end is ${backend}`, async () => (await sipwarden.status()).backend === backend);

  test('is protected from what its rules log', async () => {
    await svmap(network, { seconds: 3 });
    await waitFor('the scanner is dropped', async () =>
      (await nft('list', 'set', 'inet', 'sipwarden', 'drop4_32')).includes(attacker),
    );
    expect((await sipwarden.attacks(attacker))[0]).toMatchObject({
      attack: 'scanner-signature',
      action: 'drop',
    });
  });

  test('says what it cannot do', async () => {
    const { backend, firewall } = await sipwarden.status();
    expect(backend).toBe('nftables');
    expect(firewall).toMatchObject({
      pending: 0,
      capabilities: { hotSignatures: false, limits: true, capture: true },
      notices: [expect.stringContaining('hot_signatures')],
    });
    const { stdout } = await sipwarden.command('status');
    expect(stdout).toMatch(/firewall: nftables\n {2}without hot signatures\n {2}NOTICE hot_signatures/);
  });

  test('keeps its blocks when it goes over to ipset by a restart and back without, each time without a trace of the other', async () => {
    await sipwarden.configure('');
    await waitFor('the right that ipset takes is missed', () => sipwarden.log().includes('CAP_NET_RAW'));
    expect((await sipwarden.status()).backend).toBe('nftables');
    await sipwarden.kill();
    await sipwarden.start();
    await becomes('ipset');
    expect((await sipwarden.status()).firewall.because).toBe('ipset works here');
    expect(await sipwarden.kernelSet('sw-drop4')).toEqual([attacker]);
    expect(await nft('list', 'tables', 'inet')).toBe('');
    await sipwarden.configure('[firewall]\nbackend = "nftables"');
    await becomes('nftables');
    expect(await nft('list', 'set', 'inet', 'sipwarden', 'drop4_32')).toContain(attacker);
    expect((await network.run('pbx', 'ipset', ['list', '-n'])).stdout).toBe('');
  });
});
