// Asterisk is killed and started again in the middle of an attack: packets protect from its first answer on, and its
// events again before an attacker has got far with what packets do not show.
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { guessPasswords } from './attacks.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { startPhone } from './phone.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';

jest.setTimeout(60_000);

const attacker = addresses.attacker.ipv4;
/** The default, and what may be under way when the ban is made. */
const [hitCount, margin] = [10, 5];

describeWhere(
  ['root', 'namespaces', 'firewall', 'asterisk', 'tcpdump'],
  'an Asterisk that is killed in the middle of an attack',
  () => {
    let network: Network;
    let asterisk: Asterisk;
    let sipwarden: Sipwarden;
    beforeAll(async () => {
      network = await createNetwork();
      asterisk = await startAsterisk(network);
      sipwarden = await startSipwarden(network, asterisk);
    });
    afterAll(async () => {
      await sipwarden?.stop();
      await asterisk?.stop();
      await network?.close();
    });

    const ami = async () => (await sipwarden.status()).sensors.find(({ name }) => name === 'ami');
    const guesses = async () =>
      (await asterisk.securityLog({ event: 'ChallengeResponseFailed', address: attacker })).length;
    const isBanned = async () => (await sipwarden.kernelSet('sw-ban4')).includes(attacker);

    test('is protected again: the attack is banned as if nothing had happened', async () => {
      const attack = startPhone(network, {
        host: 'attacker',
        account: '101',
        password: 'wrong',
        everyMs: 150,
        callEvery: 0,
      });
      await waitFor('half of the guesses', async () => (await guesses()) >= hitCount / 2);
      await asterisk.kill();
      await waitFor('its end is noticed', async () => (await ami())?.state === 'down');
      expect(await isBanned()).toBe(false);
      await asterisk.start();
      await waitFor('the attacker is banned', isBanned, 20_000);
      await attack.stop();

      expect(await guesses()).toBeLessThanOrEqual(hitCount + margin);
      const [record] = await sipwarden.attacks(attacker);
      expect(record).toMatchObject({ attack: 'registration-bruteforce', proof: 'proven', action: 'ban' });
      await sipwarden.command('unban', attacker);
    });

    test('is heard again in time, though it was away for long: guesses inside TLS are banned within two seconds', async () => {
      await waitFor('it is heard', async () => (await ami())?.state === 'live');
      const before = await guesses();
      await asterisk.kill();
      const tries = async () => (await ami())?.counters.connections ?? 0;
      const soFar = await tries();
      await waitFor('it was looked for again and again', async () => (await tries()) >= soFar + 6, 30_000);
      await asterisk.start();
      const perSecond = 20;
      await guessPasswords(network, { protocol: 'TLS', account: '1005', count: 4 * perSecond, perSecond });

      await waitFor('the attacker is banned', isBanned);
      expect((await guesses()) - before).toBeLessThanOrEqual(2 * perSecond + hitCount + margin);
      const [record] = await sipwarden.attacks(attacker);
      expect(record?.evidence).toMatchObject({
        transports: ['tls'],
        proofs: [{ by: 'connection', seenBy: 'ami' }],
      });
    });

    test('leaves no alarm behind', async () => {
      await waitFor('all is well', async () => (await sipwarden.status()).alarms.length === 0);
    });
  },
);
