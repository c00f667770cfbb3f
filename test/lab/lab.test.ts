// The lab itself, without sipwarden: what its figures are measured against.
import { spawnSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { runCommand, startProcess } from '../../src/lib/run-command.ts';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { enumerateExtensions, forgeRegistrations } from './attacks.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { startPacketRecording } from './packet-recording.ts';
import { startPhone } from './phone.ts';
import { labNamespaces, makeLabFolder, removeStaleLabs } from './stale-labs.ts';
import { svcrack, svmap, svwar } from './tools.ts';

jest.setTimeout(60_000);

describeWhere(['root', 'namespaces'], 'the network of the lab', () => {
  test('gives every host its addresses, and is gone with its processes when it is closed', async () => {
    const devicesBefore = await runCommand('ip', ['-o', 'link', 'show']);
    const network = await createNetwork();
    const namespace = network.namespaceOf('phone');
    const { stdout } = await runCommand('ip', ['-n', namespace, '-o', 'addr', 'show', 'eth0']);
    expect(stdout).toContain(addresses.phone.ipv4);
    expect(stdout).toContain(addresses.phone.ipv6);
    const child = network.start('phone', 'sleep', ['600']);
    expect(child.isRunning()).toBe(true);

    await network.close();

    expect(child.isRunning()).toBe(false);
    expect(await labNamespaces()).not.toContain(namespace);
    expect(await runCommand('ip', ['-o', 'link', 'show'])).toEqual(devicesBefore);
  });

  test('ends what a program left behind in a namespace, too', async () => {
    const network = await createNetwork();
    const { stdout } = await network.run('pbx', 'sh', ['-c', 'sleep 600 >/dev/null 2>&1 & echo $!']);
    const pid = Number(stdout);
    expect(isRunning(pid)).toBe(true);

    await network.close();

    await waitFor('the orphan is gone', () => !isRunning(pid));
  });

  test('removes what the lab of a dead process left, and nothing of a live one', async () => {
    const dead = startProcess('true', [], { stdio: ['ignore', 'ignore', 'ignore'] });
    await dead.exited;
    const [stale, live] = [`swt-lab-${dead.pid}-1-pbx`, `swt-lab-${process.pid}-0-pbx`];
    await runCommand('ip', ['netns', 'add', stale]);
    await runCommand('ip', ['netns', 'add', live]);

    await removeStaleLabs();

    const left = await labNamespaces();
    await runCommand('ip', ['netns', 'del', live]);
    expect(left).not.toContain(stale);
    expect(left).toContain(live);
  });
});

describeWhere(['root', 'namespaces', 'asterisk', 'sipvicious', 'tcpdump'], 'the PBX of the lab', () => {
  let network: Network;
  let asterisk: Asterisk;
  beforeAll(async () => {
    network = await createNetwork();
    asterisk = await startAsterisk(network);
  });
  afterAll(async () => {
    await asterisk?.stop();
    await network?.close();
  });

  const attackerFailures = async () =>
    (await asterisk.securityLog({ event: 'ChallengeResponseFailed', address: addresses.attacker.ipv4 }))
      .length;

  test('is a real Asterisk 22 with the extensions and the trunk', async () => {
    expect(await asterisk.cli('core show version')).toMatch(/^Asterisk 22\./);
    const endpoints = await asterisk.cli('pjsip show endpoints');
    for (const name of ['100', '101', '102', '1005', 'trunk']) {
      expect(endpoints).toMatch(new RegExp(`Endpoint:\\s+${name}\\b`));
    }
  });

  test.each([
    { family: 'ipv4', protocol: 'UDP' },
    { family: 'ipv6', protocol: 'UDP' },
    { family: 'ipv4', protocol: 'TCP' },
    { family: 'ipv6', protocol: 'TCP' },
  ] as const)('registers a phone and takes its calls over $family and $protocol', async (settings) => {
    const phone = startPhone(network, { ...settings, everyMs: 50, callEvery: 2 });
    await waitFor('three calls', () => phone.report().calls.succeeded >= 3);

    const { registrations, calls } = phone.report();
    await phone.stop();

    expect(registrations.failed).toBe(0);
    expect(calls.failed).toBe(0);
    expect(await asterisk.cli('pjsip show contacts')).toContain(`sip:100@`);
  });

  test('fails the phone that has a wrong password', async () => {
    const phone = startPhone(network, { account: '101', password: 'wrong', everyMs: 50 });
    await waitFor('three tries', () => phone.report().registrations.failed >= 3);

    expect(phone.report().registrations.succeeded).toBe(0);
    await phone.stop();
  });

  test('judges the guesses of svcrack', async () => {
    await svcrack(network, { seconds: 3 });

    expect(await attackerFailures()).toBeGreaterThan(20);
  });

  test('answers all of an enumeration of 200 extensions', async () => {
    const finding = await enumerateExtensions(network, { perSecond: 200 });

    const unknown = await asterisk.securityLog({
      event: 'InvalidAccountID',
      address: addresses.attacker.ipv4,
    });
    expect(finding).toMatchObject({ sent: 200, answered: 200 });
    expect(unknown.filter((event) => /^2\d\d\d$/.test(event.account))).toHaveLength(200);
  });

  test.each(['ipv4', 'ipv6'] as const)(
    'believes a forged %s source, and answers its true owner',
    async (family) => {
      const as = addresses.phone[family];
      const phone = startPhone(network, { family, everyMs: 50 });
      await waitFor('the phone is registered', () => phone.report().registrations.succeeded > 0);

      const finding = await forgeRegistrations(network, { as, port: 5_060 });

      const report = phone.report();
      await phone.stop();
      expect(finding).toMatchObject({ sent: 20, answered: 0 });
      const blamed = await asterisk.securityLog({
        event: 'ChallengeResponseFailed',
        address: as,
        port: 5_060,
      });
      expect(blamed.filter((event) => event.account === '100')).toHaveLength(20);
      expect(report.registrations.failed).toBe(0);
    },
  );

  test('is found by svmap and tried by svwar', async () => {
    expect((await svmap(network)).output).toContain(`${addresses.pbx.ipv4}:5060`);
    expect((await svwar(network, { range: '3000-3005' })).endedByItself).toBe(true);
    const tried = await asterisk.securityLog({ address: addresses.attacker.ipv4 });
    expect(tried.some((event) => event.event === 'InvalidAccountID')).toBe(true);
  });

  test('lets what happens be recorded for replay', async () => {
    const file = join(await makeLabFolder(), 'attack.pcap');
    const recording = await startPacketRecording(network, 'pbx', file);
    await enumerateExtensions(network, { first: 4_000, count: 10 });
    await recording.stop();

    const text = (await readFile(file)).toString('latin1');
    await rm(dirname(file), { recursive: true });
    expect(text.match(/REGISTER sip:/g) ?? []).toHaveLength(10);
    expect(text.match(/SIP\/2\.0 401 /g) ?? []).toHaveLength(10);
  });
});

/** A process that ended but that nobody has fetched yet runs no more. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}
