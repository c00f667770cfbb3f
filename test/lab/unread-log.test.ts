// Limits where nobody reads what the kernel logs of an excess: packets are captured from the interface.
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { flood } from './attacks.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';

jest.setTimeout(60_000);
const attacker = addresses.attacker.ipv4;

describeWhere(['root', 'namespaces', 'firewall', 'tcpdump'], 'an excess seen by af-packet', () => {
  let network: Network;
  let sipwarden: Sipwarden;
  beforeAll(async () => {
    network = await createNetwork();
    sipwarden = await startSipwarden(network, undefined, '[capture]\nsource = "af-packet"\n');
  });
  afterAll(async () => {
    await sipwarden?.stop();
    await network?.close();
  });

  test.each([
    ['invite-flood', { count: 100, perSecond: 100 }],
    ['tftp', { count: 150, perSecond: 100 }],
    ['packet-flood', { count: 6_000, perSecond: 3_000 }],
  ] as const)('of the kind %s is recorded once and slowed', async (forgery, load) => {
    const attack = forgery === 'tftp' ? 'tftp-bruteforce' : forgery;
    await flood(network, forgery, load);
    const recorded = await waitFor(`${attack} is recorded`, async () =>
      (await sipwarden.attacks(attacker)).find((each) => each.attack === attack),
    );
    expect(recorded).toMatchObject({ action: 'limit', proof: 'asserted', messages: 1, victims: [] });
    expect((await sipwarden.command('limit', 'list')).stdout).toContain(attacker);
  });
});
