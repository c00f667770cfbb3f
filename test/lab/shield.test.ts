// Nobody can make sipwarden cut off our own phones and trunks: on a real Asterisk, with real packets.
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { forge, forgeWithDivertedAnswers } from './attacks.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { type Phone, startPhone } from './phone.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';
import { startSite, startTrunk } from './site.ts';
import { svcrack, wrongPasswords } from './tools.ts';

jest.setTimeout(180_000);

const trunk = addresses.trunk.ipv4;
const office = addresses.phone.ipv4;
const gateway = addresses.gateway.ipv4;
const blockingSets = ['sw-deny4', 'sw-order4', 'sw-port4', 'sw-ban4', 'sw-drop4'];

describeWhere(
  ['root', 'namespaces', 'firewall', 'asterisk', 'sipvicious', 'tcpdump'],
  'a PBX whose own phones and trunks are aimed at',
  () => {
    let network: Network;
    let asterisk: Asterisk;
    let sipwarden: Sipwarden;
    beforeAll(async () => {
      network = await createNetwork();
      asterisk = await startAsterisk(network);
      sipwarden = await startSipwarden(
        network,
        asterisk,
        '[decide]\ngrace = "1s"\n[shield]\nstale_phone_pause = "1s"\n',
      );
    });
    afterAll(async () => {
      await sipwarden?.stop();
      await asterisk?.stop();
      await network?.close();
    });
    const blocked = async () => {
      const members = await Promise.all(blockingSets.map((set) => sipwarden.kernelSet(set)));
      return members.flat();
    };
    const shielded = async (address: string) => {
      const entries = JSON.parse((await sipwarden.command('shield', '--json')).stdout) as {
        kind: string;
        target: string;
        name: string;
      }[];
      return entries.filter(({ target }) => target === address).map(({ kind, name }) => `${kind} ${name}`);
    };
    const recorded = (address: string, attack: string) =>
      waitFor(`${attack} of ${address} is recorded`, async () =>
        (await sipwarden.attacks(address)).find((each) => each.attack === attack),
      );

    describe('by forged packets', () => {
      let phone: Phone;
      let provider: ReturnType<typeof startTrunk>;
      beforeAll(async () => {
        phone = startPhone(network);
        provider = startTrunk(network);
        await waitFor('the phone is shielded', async () => (await shielded(office)).includes('phone 100'));
        await waitFor('the trunk is shielded', async () => (await shielded(trunk)).includes('trunk trunk'));
        await waitFor('the gateway is known', async () => (await shielded(gateway)).length > 0);
      });
      afterAll(async () => {
        await phone?.stop();
        await provider?.stop();
      });
      const succeeded = () => ({
        phone: phone.report().registrations.succeeded,
        trunk: provider.tries().filter(({ status }) => status === 200).length,
      });
      const serviceGoesOn = async () => {
        const before = succeeded();
        await waitFor('phone and trunk go on', () => {
          const now = succeeded();
          return now.phone > before.phone + 2 && now.trunk > before.trunk + 2;
        });
      };

      // A trunk that is known by its address is asked for no password: there is none to guess.
      test.each([
        ['the trunk', trunk, ['scanner-signature']],
        ['a phone', office, ['scanner-signature', 'registration-bruteforce']],
        ['the gateway', gateway, ['scanner-signature', 'registration-bruteforce']],
      ])(
        'that name %s: nobody is blocked, service goes on, and the record says asserted',
        async (_who, as, attacks) => {
          await forge(network, 'register', { as });
          await forge(network, 'scan', { as });
          await forge(network, 'invite-flood', { as, count: 200, perSecond: 200 });
          await forge(network, 'tftp', { as, count: 200, perSecond: 200 });

          for (const attack of attacks) expect((await recorded(as, attack)).proof).toBe('asserted');
          await serviceGoesOn();
          expect(await blocked()).toEqual([]);
          expect(await sipwarden.bans()).toEqual([]);
        },
      );

      test('whose Via has a genuine nonce sent to the forger: Asterisk takes the echo, and we do not', async () => {
        const { nonces } = await forgeWithDivertedAnswers(network, { as: office });
        expect(nonces).toBeGreaterThan(10);
        const judged = await asterisk.securityLog({ event: 'ChallengeResponseFailed', address: office });
        expect(judged.length).toBeGreaterThan(10);

        expect((await recorded(office, 'registration-bruteforce')).proof).toBe('asserted');
        await serviceGoesOn();
        expect(await blocked()).toEqual([]);
      });

      test('never made the phone or the trunk fail', () => {
        const { registrations, calls } = phone.report();
        expect([registrations.failed, calls.failed]).toEqual([0, 0]);
        expect(provider.tries().filter(({ status }) => status !== 200)).toEqual([]);
      });
    });

    describe('in an office of ten behind one address', () => {
      let site: ReturnType<typeof startSite>;
      const stale = '309';
      beforeAll(async () => {
        site = startSite(network, {
          count: 10,
          everyMs: 1_200,
          wrong: [stale],
          userAgent: 'Tenth Phone 1.0',
        });
        await waitFor('nine phones are shielded', async () => (await shielded(office)).length >= 9);
      });
      afterAll(() => site?.stop());
      const goesOn = async () => {
        const before = site.tries().length;
        await waitFor('the site goes on', () => site.tries().length > before + 30);
        return site.tries().slice(before);
      };
      const actions = async () =>
        [...new Set((await sipwarden.explain(office)).history.map(({ action }) => action))].filter(
          (action) => action !== 'notice',
        );

      test('the one phone with a wrong password is named with its program, and nine go on', async () => {
        const named = await waitFor(
          'the tenth is named',
          async () =>
            (await sipwarden.explain(office)).history.find(({ action }) => action === 'stale-phone'),
          60_000,
        );
        expect(named.phone).toMatchObject({ account: stale, userAgent: 'Tenth Phone 1.0' });
        const tries = await goesOn();
        expect(tries.filter(({ account }) => account !== stale).every(({ status }) => status === 200)).toBe(
          true,
        );
        expect(await blocked()).toEqual([]);
        expect(await actions()).toEqual(['stale-phone']);
      });

      test('an attacker behind the same address has his one port blocked, and the office stays', async () => {
        await svcrack(network, {
          host: 'phone',
          account: '1005',
          localPort: 7_070,
          passwords: wrongPasswords(400),
          seconds: 6,
        });
        expect(await sipwarden.kernelSet('sw-port4')).toEqual([`${office},udp:7070`]);
        const judged = await asterisk.securityLog({ event: 'ChallengeResponseFailed', account: '1005' });
        // Ten are forgiven, and some are on their way until the port is closed.
        expect(judged.length).toBeLessThan(100);
        const tries = await goesOn();
        expect(tries.filter(({ account }) => account !== stale).every(({ status }) => status === 200)).toBe(
          true,
        );
        expect(await sipwarden.kernelSet('sw-ban4')).toEqual([]);
        expect(await actions()).toEqual(expect.arrayContaining(['stale-phone', 'port-ban']));
      });
    });

    test('fifty phones of one site that register at once after an outage are no attack', async () => {
      await sipwarden.command('unban', office);
      const before = (await sipwarden.attacks(office)).length;
      const site = startSite(network, { count: 50, everyMs: 3_000 });
      await waitFor('three rounds of fifty', () => site.tries().length >= 150, 60_000);
      expect(site.tries().filter(({ status }) => status !== 200)).toEqual([]);
      await site.stop();
      expect((await sipwarden.attacks(office)).length).toBe(before);
      expect(await blocked()).toEqual([]);
    });

    test('a stolen account that registers first does not cover the guessing of others', async () => {
      const thief = addresses.attacker.ipv4;
      const site = startSite(network, { host: 'attacker', count: 1 });
      await waitFor('the stolen account is in', async () => (await shielded(thief)).length > 0);
      await svcrack(network, {
        account: '1006',
        passwords: wrongPasswords(100),
        seconds: 6,
        localPort: 7_071,
      });
      await site.stop();

      const [ban] = await sipwarden.bans();
      expect(ban).toMatchObject({ target: thief, action: 'ban' });
      expect(ban?.behind).toMatchObject({ phones: 1 });
      expect(await sipwarden.kernelSet('sw-shield4')).not.toContain(thief);
    });

    test('an order against the office is refused, forced until confirmed, and undone after a crash', async () => {
      const refused = await sipwarden.command('ban', office);
      expect(refused.exitCode).not.toBe(0);
      expect(refused.stderr).toMatch(/shielded.*--force/s);
      expect(await blocked()).not.toContain(office);

      expect(await sipwarden.command('ban', office, '--force')).toMatchObject({ exitCode: 0 });
      expect(await sipwarden.kernelSet('sw-order4')).toEqual([office]);
      expect((await sipwarden.command('unconfirmed')).stdout).toContain(office);
      await sipwarden.kill();
      expect(await sipwarden.kernelSet('sw-order4')).toEqual([office]);
      await sipwarden.start();
      expect(await blocked()).not.toContain(office);

      await sipwarden.command('ban', office, '--force');
      expect(await sipwarden.command('confirm')).toMatchObject({ exitCode: 0 });
      await sipwarden.kill();
      await sipwarden.start();
      expect(await sipwarden.kernelSet('sw-order4')).toEqual([office]);
      await sipwarden.command('unban', office);
      expect(await blocked()).not.toContain(office);
    });
  },
);
