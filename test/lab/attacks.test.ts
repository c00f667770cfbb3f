// Each attack of a real tool on a real Asterisk, in each way of seeing packets: how much of it gets past us, while a
// phone of ours registers and calls.
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { type Arrivals, countArrivals } from './arrivals.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { enumerateExtensions, flood, floodFrom, gatherCrowd, guessPasswords } from './attacks.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { type Phone, startPhone } from './phone.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';
import { startTftpServer, type TftpServer } from './tftp.ts';
import { dialWithSipp, svcrack, svmap, wrongPasswords } from './tools.ts';

jest.setTimeout(60_000);

const attacker = addresses.attacker.ipv4;

describeWhere(
  ['root', 'namespaces', 'firewall', 'asterisk', 'sipvicious', 'sipp', 'tcpdump', 'tftp'],
  'a PBX under attack',
  () => {
    describe.each(['nflog', 'af-packet'])('with packets from %s', (source) => {
      let network: Network;
      let asterisk: Asterisk;
      let sipwarden: Sipwarden;
      let tftp: TftpServer;
      let phone: Phone;
      let arrivals: Arrivals;
      let crowd: readonly string[];
      const settings = `[capture]\nsource = "${source}"\n[decide]\ngrace = "1s"\n`;

      beforeAll(async () => {
        network = await createNetwork();
        crowd = await gatherCrowd(network);
        arrivals = await countArrivals(network, [attacker, ...crowd]);
        asterisk = await startAsterisk(network);
        tftp = await startTftpServer(network);
        sipwarden = await startSipwarden(network, asterisk, settings);
        phone = startPhone(network);
        await waitFor('it is shielded', async () => (await sipwarden.status()).inForce.shielded > 0);
      });
      afterAll(async () => {
        await phone?.stop();
        await sipwarden?.stop();
        await tftp?.stop();
        await asterisk?.stop();
        await network?.close();
      });
      beforeEach(async () => {
        await sipwarden.command('unban', attacker);
        await arrivals.restart();
      });

      const attack = (name: string) =>
        waitFor(`${name} is recorded`, async () =>
          (await sipwarden.attacks(attacker)).find((each) => each.attack === name),
        );

      const judged = async () =>
        (await asterisk.securityLog({ event: 'ChallengeResponseFailed', address: attacker })).length;

      test('svmap: not one packet', async () => {
        await svmap(network, { seconds: 3 });
        expect(await attack('scanner-signature')).toMatchObject({ action: 'drop' });
        expect(await arrivals.of(attacker)).toBe(0);
      });

      test('the same once the sipvicious tools are known by nothing but what they do', async () => {
        const log = sipwarden.log().length;
        await sipwarden.configure(
          `${settings}[firewall]\nhot_signatures = []\n[detect.scanner-signature]\noff = ["*"]\n`,
        );
        await waitFor('it is in force', () => sipwarden.log().slice(log).includes('configuration applied'));
      });

      test.each([
        ['an unknown user', 'nobody', '900123456'],
        ['an extension of ours', '101', '900654321'],
      ])('sipp, 40 dial prefixes from %s: at most 5 INVITEs', async (_who, from, number) => {
        const numbers = Array.from({ length: 40 }, (_, index) => `${index}00${number}`);
        await dialWithSipp(network, { numbers, from });
        expect(await attack('dial-prefix-probing')).toMatchObject({ action: 'drop' });
        expect(await arrivals.of(attacker)).toBeGreaterThan(0);
        expect(await arrivals.of(attacker)).toBeLessThanOrEqual(5);
      });

      test('an enumeration of 200 extensions: at most 7 requests', async () => {
        await enumerateExtensions(network, { count: 200, perSecond: 50 });
        expect(await attack('extension-enumeration')).toMatchObject({ action: 'drop' });
        expect(await arrivals.of(attacker)).toBeLessThanOrEqual(7);
      });

      test('svcrack: at most 12 guesses are judged', async () => {
        const before = await judged();
        await svcrack(network, { account: '1005', passwords: wrongPasswords(400), seconds: 5 });
        expect(await attack('registration-bruteforce')).toMatchObject({ action: 'ban' });
        expect((await judged()) - before).toBeLessThanOrEqual(12);
      });

      test.each(['TCP', 'TLS'] as const)('guesses over %s: at most 12 are answered', async (protocol) => {
        const { answered, isCut } = await guessPasswords(network, { protocol, count: 100, perSecond: 50 });
        expect(answered).toBeLessThanOrEqual(12);
        expect(isCut).toBe(true);
      });

      test('500 requests for files that are there: at most 105', async () => {
        await flood(network, 'provisioning', { count: 500, perSecond: 25, port: 7_000 });
        expect(await arrivals.of(attacker)).toBeLessThanOrEqual(105);
      });

      // How many of their packets arrive until then depends on the speed of the machine.
      test('a thousand addresses that ask for unknown users: all are dropped, and nothing of theirs arrives then', async () => {
        await floodFrom(network, crowd);
        await waitFor('all are dropped', async () => {
          const dropped = await sipwarden.kernelSet('sw-drop4');
          return crowd.every((address) => dropped.includes(address));
        });
        await arrivals.restart();
        await floodFrom(network, crowd, { each: 2 });
        expect(Math.max(...(await arrivals.all()).values())).toBe(0);
      });

      test('and the phone lost nothing', () => {
        const { registrations, calls } = phone.report();
        expect([registrations.failed, calls.failed]).toEqual([0, 0]);
        expect(calls.succeeded).toBeGreaterThan(5);
      });
    });
  },
);
