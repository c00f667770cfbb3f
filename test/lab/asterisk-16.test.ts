// The first defence on an old PBX, with both of its channel drivers: guessing is banned, a scanner too, and the phone
// never notices.
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { type Phone, startPhone } from './phone.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';
import { svcrack, svmap, wrongPasswords } from './tools.ts';

jest.setTimeout(60_000);

const attacker = addresses.attacker.ipv4;

for (const driver of ['pjsip', 'chan_sip'] as const) {
  describeWhere(
    ['root', 'namespaces', 'firewall', 'asterisk-16', 'sipvicious', 'tcpdump'],
    `Asterisk 16 with ${driver}`,
    () => {
      let network: Network;
      let asterisk: Asterisk;
      let sipwarden: Sipwarden;
      let phone: Phone;
      beforeAll(async () => {
        network = await createNetwork();
        asterisk = await startAsterisk(network, 'pbx', { build: { version: '16', driver } });
        sipwarden = await startSipwarden(network, asterisk);
        phone = startPhone(network);
        await waitFor(
          'the phone is registered and shielded',
          async () => (await sipwarden.status()).inForce.shielded > 0,
        );
      });
      afterAll(async () => {
        await phone?.stop();
        await sipwarden?.stop();
        await asterisk?.stop();
        await network?.close();
      });

      test('is heard and asked, whatever it speaks SIP with', async () => {
        const { summary, pbx } = await sipwarden.status();
        expect(summary).toBe("Protecting from packets and Asterisk's security events");
        await waitFor('its version is known', async () =>
          /Asterisk 16\.\d+/.test((await sipwarden.status()).pbx.detail),
        );
        expect(pbx.state).toBe('live');
      });

      test('has a password attack banned before a tenth of its guesses was judged, proven and seen by both', async () => {
        await sipwarden.configure(
          '[firewall]\nhot_signatures = []\n[detect.scanner-signature]\noff = ["*"]\n',
        );
        await waitFor('that is in force', () => /configuration applied/.test(sipwarden.log()));
        await svcrack(network, { account: '1005', passwords: wrongPasswords(300), seconds: 5 });

        expect(await sipwarden.kernelSet('sw-ban4')).toEqual([attacker]);
        const [attack] = await sipwarden.attacks(attacker);
        expect(attack).toMatchObject({ attack: 'registration-bruteforce', proof: 'proven', action: 'ban' });
        expect(Object.keys(attack?.evidence.sensors ?? {}).toSorted()).toEqual(['ami', 'packets']);
        const guesses = await asterisk.securityLog({ address: attacker });
        const wrong = guesses.filter(({ event }) =>
          /^(ChallengeResponseFailed|InvalidPassword)$/.test(event),
        );
        expect(wrong.length).toBeGreaterThan(0);
        expect(wrong.length).toBeLessThan(30);
        await sipwarden.command('unban', attacker);
      });

      test('has a scanner dropped from its first packet on', async () => {
        await sipwarden.configure('');
        await waitFor('that is in force', () => sipwarden.log().split('configuration applied').length > 2);
        expect((await svmap(network, { seconds: 3 })).output).not.toContain(`${addresses.pbx.ipv4}:5060`);
      });

      test('keeps its phone', () => {
        const { registrations, calls } = phone.report();
        expect([registrations.failed, calls.failed]).toEqual([0, 0]);
        expect(calls.succeeded).toBeGreaterThan(3);
      });

      test('raises no alarm', async () => {
        expect((await sipwarden.status()).alarms).toEqual([]);
      });
    },
  );
}
