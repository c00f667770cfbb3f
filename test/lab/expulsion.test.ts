// A stranger who has guessed a password is put out of a real PBX again: his registration goes, his calls are hung up, and
// the phone that has the same account goes on.
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { type Phone, startPhone } from './phone.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';

jest.setTimeout(60_000);

const stranger = addresses.attacker.ipv4;
const account = '101';

describeWhere(
  ['root', 'namespaces', 'firewall', 'asterisk', 'tcpdump'],
  'an account that a stranger has guessed',
  () => {
    let network: Network;
    let asterisk: Asterisk;
    let sipwarden: Sipwarden;
    let phone: Phone;
    let thief: Phone | undefined;
    beforeAll(async () => {
      network = await createNetwork();
      asterisk = await startAsterisk(network);
      sipwarden = await startSipwarden(network, asterisk);
      phone = startPhone(network, { account });
      await waitFor(
        'the phone is registered and shielded',
        async () => (await sipwarden.status()).inForce.shielded > 0,
      );
    });
    afterAll(async () => {
      await thief?.stop();
      await phone?.stop();
      await sipwarden?.stop();
      await asterisk?.stop();
      await network?.close();
    });

    const acts = async () => {
      const [attack] = (await sipwarden.attacks(stranger)).filter(
        (each) => each.attack === 'compromised-account',
      );
      return attack?.acts ?? [];
    };
    const contactsAt = async (address: string) =>
      (await asterisk.cli('pjsip show contacts'))
        .split('\n')
        .filter((line) => line.includes(`${account}@${address}`));

    test('is told of, its contact removed and its calls hung up', async () => {
      const guessing = startPhone(network, {
        host: 'attacker',
        account,
        password: 'wrong',
        everyMs: 50,
        callEvery: 0,
      });
      await waitFor('five guesses', () => guessing.report().registrations.failed >= 5);
      await guessing.stop();
      thief = startPhone(network, {
        host: 'attacker',
        account,
        callEvery: 1,
        everyMs: 60_000,
        talkMs: 30_000,
      });

      await waitFor('both was done', async () => {
        const done = (await acts()).filter(({ problem }) => problem === undefined);
        return ['hang-up', 'remove-contact'].every((kind) => done.some((act) => act.kind === kind));
      });
      expect(thief.report().calls).toEqual({ succeeded: 0, failed: 0 });
      expect(await contactsAt(stranger)).toEqual([]);
      expect(await asterisk.cli('core show channels concise')).not.toContain(stranger);
      const { alarms } = await sipwarden.status();
      expect(alarms.map(({ code }) => code)).toEqual(['ATTACK_COMPROMISED_ACCOUNT']);
      expect((await sipwarden.bans()).map(({ action, target }) => [action, target])).toEqual([
        ['expel', stranger],
      ]);
    });

    test('has it in its story, in the order in which it happened', async () => {
      const { timeline, verdict } = await sipwarden.explain(stranger);
      expect(verdict).toContain('it is put out of the PBX until');
      const happened = timeline.map(({ what }) => what);
      expect(happened).toEqual(expect.arrayContaining(['expel', 'remove-contact', 'hang-up']));
      expect(happened.indexOf('expel')).toBeLessThan(happened.indexOf('hang-up'));
    });

    test('is kept out when the stranger comes again, and after a restart of sipwarden', async () => {
      await sipwarden.kill();
      await sipwarden.start();
      await thief?.stop();
      thief = startPhone(network, { host: 'attacker', account, callEvery: 1, everyMs: 200, talkMs: 30_000 });
      await waitFor('the call is gone', async () => {
        const said = sipwarden
          .log()
          .split('\n')
          .filter((line) => line.includes('acted at the PBX'));
        return (
          said.some((line) => line.includes('hang-up')) &&
          said.some((line) => line.includes('remove-contact'))
        );
      });
      expect(await asterisk.cli('core show channels concise')).not.toContain(stranger);
    });

    test('lets the owner of the account go on all the time', async () => {
      expect(await contactsAt(addresses.phone.ipv4)).toHaveLength(1);
      const { registrations, calls } = phone.report();
      expect([registrations.failed, calls.failed]).toEqual([0, 0]);
      expect(calls.succeeded).toBeGreaterThan(1);
    });

    test('is let in again by unban', async () => {
      await sipwarden.command('unban', stranger);
      expect(await sipwarden.bans()).toEqual([]);
    });
  },
);
