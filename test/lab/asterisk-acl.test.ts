// Asterisk itself refuses whoever is banned: alone, where nobody may change a firewall, and behind the firewall.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createAsteriskAcl } from '../../src/enforce/asterisk-acl.ts';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { guessPasswords } from './attacks.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { type Phone, startPhone } from './phone.ts';
import { probe } from './probe.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';
import { makeLabFolder } from './stale-labs.ts';

jest.setTimeout(180_000);

const attacker = addresses.attacker.ipv4;
const alone = '[firewall]\nbackend = "asterisk-acl"\n[capture]\nsource = "off"\n';

describeWhere(['root', 'namespaces', 'asterisk'], 'a PBX whose ACL alone protects it', () => {
  let network: Network;
  let asterisk: Asterisk;
  let sipwarden: Sipwarden;
  let phone: Phone;
  beforeAll(async () => {
    network = await createNetwork();
    asterisk = await startAsterisk(network);
    sipwarden = await startSipwarden(network, asterisk, alone);
    phone = startPhone(network, { talkMs: 400 });
    await waitFor('the phone calls', () => phone.report().calls.succeeded > 0);
  });
  afterAll(async () => {
    await phone?.stop();
    await sipwarden?.stop();
    await asterisk?.stop();
    await network?.close();
  });
  const shown = () => asterisk.cli('acl show sipwarden');

  test('has no capability, changes no firewall, and says what it does not cover', async () => {
    const { pid, backend, firewall } = await sipwarden.status();
    expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^CapEff:\t0+$/m);
    expect((await network.run('pbx', 'ipset', ['list', '-n'])).stdout).toBe('');
    expect(backend).toBe('asterisk-acl');
    expect(firewall.notices.join()).toMatch(/first packets, floods, ACKs .*amplification.* TFTP/);
  });

  test.each([
    { family: 'ipv4', protocol: 'UDP' },
    { family: 'ipv4', protocol: 'TCP' },
    { family: 'ipv4', protocol: 'TLS' },
    { family: 'ipv6', protocol: 'UDP' },
    { family: 'ipv6', protocol: 'TCP' },
  ] as const)('answers 403 to whoever is banned, until he is not: $protocol, $family', async (way) => {
    const target = addresses.attacker[way.family];
    expect(await probe(network, way)).toBe(401);
    expect((await sipwarden.command('ban', target)).exitCode).toBe(0);
    expect(await probe(network, way)).toBe(403);
    await sipwarden.command('unban', target);
    expect(await probe(network, way)).toBe(401);
  });

  test('lets go by itself who was banned for a while', async () => {
    await sipwarden.command('ban', attacker, '--for', '2s');
    expect(await shown()).toContain(attacker);
    await waitFor('the ban is over', async () => !(await shown()).includes(attacker), 20_000);
    expect(await probe(network)).toBe(401);
  });

  test('refuses a guesser whose connection proves him, from his next request on', async () => {
    await guessPasswords(network, { protocol: 'TCP' });
    await waitFor('he is in the ACL', async () => (await shown()).includes(attacker));
    expect(await probe(network)).toBe(403);
    await sipwarden.command('unban', attacker);
  });

  test('never refuses whoever is on the allowlist, within a denied network neither', async () => {
    await sipwarden.command('deny', 'add', '198.51.100.64/26');
    expect(await probe(network)).toBe(403);
    await sipwarden.command('allow', 'add', attacker);
    expect(await probe(network)).toBe(401);
    await sipwarden.command('allow', 'remove', attacker);
    expect(await probe(network)).toBe(403);
    await sipwarden.command('deny', 'remove', '198.51.100.64/26');
    expect(await probe(network)).toBe(401);
  });

  test('refuses the same after it was killed and started again', async () => {
    await sipwarden.command('ban', attacker);
    await sipwarden.kill();
    expect(await probe(network)).toBe(403);
    await sipwarden.start();
    await waitFor('nothing is pending', async () => (await sipwarden.status()).firewall.pending === 0);
    expect(await probe(network)).toBe(403);
    await sipwarden.command('unban', attacker);
    expect(await probe(network)).toBe(401);
  });

  test('never made the phone fail, though it was called all the time', async () => {
    await waitFor('the phone goes on', () => phone.report().calls.succeeded > 3);
    const { registrations, calls } = phone.report();
    expect([registrations.failed, calls.failed]).toEqual([0, 0]);
  });

  test('writes the file while Asterisk cannot be told, says so, and has it read later', async () => {
    const file = join(sipwarden.folder, 'acl/acl.conf');
    await network.run('pbx', 'kill', ['-STOP', String(asterisk.pid)]);
    const ban = sipwarden.command('ban', attacker);
    await waitFor('the file is written', async () => (await readFile(file, 'utf8')).includes(attacker));
    await waitFor('the alarm', async () =>
      (await sipwarden.status()).alarms.some(({ code }) => code === 'ACL_PENDING'),
    );
    await network.run('pbx', 'kill', ['-CONT', String(asterisk.pid)]);
    await ban;
    await waitFor(
      'the alarm is over',
      async () => (await sipwarden.status()).alarms.every(({ code }) => code !== 'ACL_PENDING'),
      60_000,
    );
    expect(await probe(network)).toBe(403);
    await sipwarden.command('unban', attacker);
  });

  test('is let go with "sipwarden teardown"', async () => {
    await sipwarden.command('ban', attacker);
    await sipwarden.kill();
    expect((await sipwarden.command('teardown')).stdout).toMatch(/module reload acl/);
    await asterisk.cli('module reload acl');
    expect(await probe(network)).toBe(401);
    await sipwarden.start();
  });
});

describeWhere(
  ['root', 'namespaces', 'firewall', 'asterisk', 'tcpdump'],
  'a PBX with firewall and ACL',
  () => {
    let network: Network;
    let asterisk: Asterisk;
    let sipwarden: Sipwarden;
    beforeAll(async () => {
      network = await createNetwork();
      asterisk = await startAsterisk(network);
      sipwarden = await startSipwarden(network, asterisk, '[asterisk_acl]\nenabled = true\n');
    });
    afterAll(async () => {
      await sipwarden?.stop();
      await asterisk?.stop();
      await network?.close();
    });
    const shown = () => asterisk.cli('acl show sipwarden');

    test('holds a ban in both, and says so', async () => {
      await sipwarden.command('ban', attacker);
      expect(await sipwarden.kernelSet('sw-order4')).toEqual([attacker]);
      await waitFor('he is in the ACL', async () => (await shown()).includes(attacker));
      const { firewall, alarms } = await sipwarden.status();
      expect(firewall.layers).toMatchObject([{ name: 'asterisk-acl', pending: 0 }]);
      expect(alarms).toEqual([]);
      expect((await sipwarden.command('status')).stdout).toMatch(/and asterisk-acl/);
    });

    test('bans in the firewall at once, whether or not Asterisk can be told', async () => {
      await network.run('pbx', 'kill', ['-STOP', String(asterisk.pid)]);
      const other = '203.0.113.9';
      expect((await sipwarden.command('ban', other)).exitCode).toBe(0);
      expect(await sipwarden.kernelSet('sw-order4')).toContain(other);
      await network.run('pbx', 'kill', ['-CONT', String(asterisk.pid)]);
      await waitFor('Asterisk has it too', async () => (await shown()).includes(other), 60_000);
    });

    test('says with the cure that Asterisk does not have the ACL', async () => {
      const text = await readFile(join(asterisk.etc, 'acl.conf'), 'utf8');
      const without = text.replace(/^#tryinclude.*$/m, '');
      await network.run('pbx', 'tee', [join(asterisk.etc, 'acl.conf')], { input: without });
      await sipwarden.command('ban', '203.0.113.10');
      const alarm = await waitFor('the alarm', async () =>
        (await sipwarden.status()).alarms.find(({ code }) => code === 'ACL_PENDING'),
      );
      expect(alarm).toMatchObject({ hint: expect.stringContaining('sipwarden setup') });
      await network.run('pbx', 'tee', [join(asterisk.etc, 'acl.conf')], { input: text });
      await waitFor('the alarm is over', async () => (await sipwarden.status()).alarms.length === 0, 60_000);
    });

    test('lets go in Asterisk too, once it is switched off', async () => {
      await sipwarden.configure('[asterisk_acl]\nenabled = false\n');
      await waitFor('nobody is in the ACL', async () => !(await shown()).includes('203.0.113'), 20_000);
      expect(await sipwarden.kernelSet('sw-order4')).toContain('203.0.113.9');
    });
  },
);

describeWhere(['root', 'namespaces', 'asterisk'], 'five hundred changes of a full ACL', () => {
  let network: Network;
  let asterisk: Asterisk;
  let folder: string;
  beforeAll(async () => {
    network = await createNetwork();
    folder = await makeLabFolder();
    const file = join(folder, 'acl.conf');
    asterisk = await startAsterisk(network, 'pbx', {
      files: { 'acl.conf': `[sipwarden]\ndeny = 192.0.2.255/32\n#tryinclude "${file}"\n` },
    });
    const section = '[sipwarden-acl]\ntype = acl\nacl = sipwarden\n';
    const pjsip = join(asterisk.etc, 'pjsip.conf');
    await network.run('pbx', 'tee', ['-a', pjsip], { input: section });
    await asterisk.cli('module reload acl');
    await asterisk.cli('module reload res_pjsip.so');
  });
  afterAll(async () => {
    await asterisk?.stop();
    await network?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  describe('while a phone is in a call', () => {
    test('end neither its registration nor its call', async () => {
      const phone = startPhone(network, { callEvery: 1, talkMs: 60_000 });
      await waitFor('it talks', async () => /1 active call/.test(await asterisk.cli('core show channels')));
      let reloads = 0;
      const enforcer = createAsteriskAcl({
        settings: { file: join(folder, 'acl.conf'), max_entries: 1_000, role: 'second' },
        pbx: {
          async take() {
            await asterisk.cli('module reload acl');
            reloads += 1;
          },
          watch: () => () => undefined,
          notices: () => [],
        },
        alarms: { raise() {}, clear() {} },
        now: () => 0,
        pauseMs: 0,
      });
      await enforcer.prepare();
      const target = (index: number) => `203.0.${Math.floor(index / 128)}.${(2 * index) % 256}`;
      const ban = (index: number) => enforcer.add({ set: 'ban', target: target(index) });
      await Promise.all(Array.from({ length: 999 }, (_, index) => ban(index)));
      for (let index = 0; index < 500; index += 1) await ban(1_000 + index);
      expect(reloads).toBeGreaterThanOrEqual(500);
      expect(await asterisk.cli('core show channels')).toMatch(/1 active call/);
      expect(await asterisk.cli('pjsip show contacts')).toMatch(/100@198\.51\.100\.10/);
      expect(await probe(network, { from: 'phone', account: '101' })).toBe(200);
      await enforcer.add({ set: 'ban', target: attacker });
      expect(await probe(network)).toBe(403);
      expect(phone.report().registrations.failed).toBe(0);
      await phone.stop();
    });
  });
});
