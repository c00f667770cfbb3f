// Guessing names of provisioning files against a real TFTP server, seen through each way in which packets are captured.
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { missingForNamespaces } from '../enforce/namespace.ts';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';
import { askForFiles, fetchFiles, startTftpServer, type TftpServer } from './tftp.ts';

jest.setTimeout(60_000);
const withoutPrograms = await missingForNamespaces(['nft', 'dnsmasq', 'tftp']);
const attacker = addresses.attacker.ipv4;

describeWhere(['root', 'namespaces', 'firewall', 'tcpdump'], 'provisioning files', () => {
  if (withoutPrograms) {
    test.skip(`are not there: ${withoutPrograms}`, () => {});
    return;
  }
  describe.each([
    ['ipset', 'nflog'],
    ['nftables', 'nflog'],
    ['ipset', 'af-packet'],
  ])('with the back end %s and packets from %s', (backend, source) => {
    let network: Network;
    let server: TftpServer;
    let sipwarden: Sipwarden;
    beforeEach(async () => {
      network = await createNetwork();
      server = await startTftpServer(network);
      const settings = `[firewall]\nbackend = "${backend}"\n[capture]\nsource = "${source}"\n`;
      sipwarden = await startSipwarden(
        network,
        undefined,
        `${settings}[detect.canary]\nfiles = ["decoy.cfg"]`,
      );
    });
    afterEach(async () => {
      await sipwarden?.stop();
      await server?.stop();
      await network?.close();
    });
    const attacks = async (address: string) =>
      (await sipwarden.attacks(address)).map(({ attack, action }) => `${attack}: ${action}`);

    test('whoever guesses their names is dropped, and what he was given is told', async () => {
      expect(await fetchFiles(network, 'phone', 40)).toBe(40);
      const guesses = Array.from({ length: 20 }, (_, index) => `00041300000${index}.cfg`);
      await askForFiles(network, 'attacker', [...guesses, 'phone7.cfg', 'one-too-many.cfg']);
      await waitFor('the guesser is dropped', async () => (await sipwarden.bans()).length > 0);
      expect(await sipwarden.bans()).toMatchObject([{ target: attacker, action: 'drop' }]);
      expect((await attacks(attacker)).toSorted()).toEqual([
        'provisioning-leak: notice',
        'tftp-enumeration: drop',
      ]);
      expect(await attacks(addresses.phone.ipv4)).toEqual([]);
    });

    test('whoever asks for a canary is dropped at once', async () => {
      await askForFiles(network, 'attacker', ['decoy.cfg']);
      await waitFor('he is dropped', async () => (await sipwarden.bans()).length > 0);
      expect(await attacks(attacker)).toEqual(['canary: drop']);
    });
  });
});
