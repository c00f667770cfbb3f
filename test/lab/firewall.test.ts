// The firewall under real attacks on a real Asterisk: what never arrives, what is cut, what is slowed, and who goes on.
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { flood, guessPasswords } from './attacks.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { startPhone } from './phone.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';
import { fetchFiles, startTftpServer, type TftpServer } from './tftp.ts';
import { svmap } from './tools.ts';

jest.setTimeout(120_000);

const attacker = addresses.attacker.ipv4;
const phoneAddress = addresses.phone.ipv4;

describeWhere(
  ['root', 'namespaces', 'firewall', 'asterisk', 'sipvicious', 'tcpdump', 'tftp'],
  'the firewall of a PBX',
  () => {
    let network: Network;
    let asterisk: Asterisk;
    let sipwarden: Sipwarden;
    let tftp: TftpServer;
    beforeAll(async () => {
      network = await createNetwork();
      // As a stateful firewall of others: who was let in once stays in, and each source is counted.
      const rules = [
        '*filter',
        '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT',
        '-A INPUT -p udp -j ACCEPT',
        'COMMIT',
        '*mangle',
        `-A INPUT -s ${attacker} -p udp -m udp --dport 5060`,
        'COMMIT',
      ];
      await network.run('pbx', 'iptables-restore', ['--noflush'], { input: `${rules.join('\n')}\n` });
      asterisk = await startAsterisk(network);
      tftp = await startTftpServer(network);
      sipwarden = await startSipwarden(
        network,
        asterisk,
        // Without the limit it would be the names that are guessed.
        '[decide]\ngrace = "1s"\n[detect.tftp-enumeration]\nstate = "off"\n',
      );
    });
    afterAll(async () => {
      await sipwarden?.stop();
      await tftp?.stop();
      await asterisk?.stop();
      await network?.close();
    });
    beforeEach(async () => {
      await sipwarden.command('unban', attacker);
    });

    /** SIP packets of the attacker that got past us. */
    const arrived = async () => {
      const { stdout } = await network.run('pbx', 'iptables-save', ['-c', '-t', 'mangle']);
      return Number(/^\[(\d+):\d+\] -A INPUT/m.exec(stdout)?.[1]);
    };
    const recorded = (attack: string) =>
      waitFor(`${attack} is recorded`, async () =>
        (await sipwarden.attacks(attacker)).find((each) => each.attack === attack),
      );
    const isBanned = () =>
      waitFor('the attacker is banned', async () =>
        (await sipwarden.kernelSet('sw-ban4')).includes(attacker),
      );

    test('not one packet of a known scanner reaches Asterisk, and the attack is recorded', async () => {
      const before = await arrived();
      await svmap(network, { seconds: 3 });
      expect(await recorded('scanner-signature')).toMatchObject({ source: attacker, action: 'drop' });
      expect((await arrived()) - before).toBe(0);
      const { stdout } = await sipwarden.command('status');
      expect(stdout).toMatch(/dropped by the kernel itself: friendly-scanner \d+/);
    });

    test('a ban bites although an ESTABLISHED rule lets the flow in', async () => {
      const flow = { count: 5, localPort: 7_005 };
      expect((await guessPasswords(network, flow)).answered).toBe(5);
      await sipwarden.command('ban', attacker);
      const before = await arrived();
      expect((await guessPasswords(network, flow)).answered).toBe(0);
      expect((await arrived()) - before).toBe(0);
    });

    test.each(['TCP', 'TLS'] as const)('the %s connection of who is banned is cut', async (protocol) => {
      const { isCut, answered } = await guessPasswords(network, { protocol, count: 60 });
      expect(answered).toBeGreaterThan(0);
      await isBanned();
      expect(isCut).toBe(true);
      const { stdout } = await network.run('pbx', 'ss', ['-Htn', 'dst', attacker]);
      expect(stdout).toBe('');
    });

    describe('a source that sends too much', () => {
      test('of INVITEs is slowed, recorded and not banned, while a phone calls as before', async () => {
        const phone = startPhone(network, { callEvery: 1 });
        await waitFor('the phone calls', () => phone.report().calls.succeeded > 0);
        const before = await arrived();
        await flood(network, 'invite-flood', { count: 300, perSecond: 100 });
        const calls = phone.report().calls.succeeded;
        await waitFor('the phone goes on calling', () => phone.report().calls.succeeded > calls + 2);
        expect(phone.report().calls.failed).toBe(0);
        await phone.stop();

        expect(await recorded('invite-flood')).toMatchObject({ source: attacker, action: 'limit' });
        const passed = (await arrived()) - before;
        expect(passed).toBeGreaterThanOrEqual(20);
        expect(passed).toBeLessThan(40);
        expect(await sipwarden.kernelSet('sw-ban4')).toEqual([]);
        expect((await sipwarden.command('limit', 'list')).stdout).toContain(attacker);
      });

      test('of INVITEs may send what its own limit says', async () => {
        await sipwarden.command('limit', 'set', attacker, '--invite-per-second', '200', '--note', 'dialler');
        const before = await arrived();
        await flood(network, 'invite-flood', { count: 300, perSecond: 100 });
        expect((await arrived()) - before).toBe(300);
        await sipwarden.command('limit', 'clear', attacker);
      });

      test('of any packets is slowed, recorded and not banned', async () => {
        const before = await arrived();
        await flood(network, 'packet-flood', { count: 6_000, perSecond: 3_000 });
        expect(await recorded('packet-flood')).toMatchObject({ source: attacker, action: 'limit' });
        const passed = (await arrived()) - before;
        expect(passed).toBeGreaterThanOrEqual(1_000);
        expect(passed).toBeLessThan(4_000);
        expect(await sipwarden.kernelSet('sw-ban4')).toEqual([]);
        expect(await sipwarden.kernelSet('sw-packets4')).toEqual([attacker]);
      });

      test('of TFTP requests is slowed after as many as a minute allows, while a phone gets all of its files', async () => {
        const before = await tftp.requestsFrom(attacker);
        await flood(network, 'tftp', { count: 500, perSecond: 50, port: 7_000 });
        expect(await fetchFiles(network, 'phone', 60)).toBe(60);
        expect(await recorded('tftp-bruteforce')).toMatchObject({ source: attacker, action: 'limit' });
        const served = (await tftp.requestsFrom(attacker)) - before;
        expect(served).toBeGreaterThanOrEqual(90);
        expect(served).toBeLessThanOrEqual(105);
        expect(await tftp.requestsFrom(phoneAddress)).toBeGreaterThanOrEqual(60);
      });
    });
  },
);
