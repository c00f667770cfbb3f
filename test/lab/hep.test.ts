// Sight into TLS and WebSocket: a real Asterisk mirrors what it decrypted, and that alone bans; AMI is switched off.
import { chmod, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { SensorHealth } from '../../src/model/sensor.ts';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { forgeMirror, forgeWithDivertedAnswers, guessPasswords } from './attacks.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';
import { makeLabFolder } from './stale-labs.ts';

jest.setTimeout(120_000);

const attacker = addresses.attacker.ipv4;
const phone = addresses.phone.ipv4;

describeWhere(['root', 'namespaces', 'firewall', 'asterisk', 'tcpdump'], 'a PBX that mirrors by HEP', () => {
  let network: Network;
  let asterisk: Asterisk;
  let sipwarden: Sipwarden;
  let folder: string;
  const settings = (port = 9_060) => `
[protect]
tcp = ["5060", "5061", "8089"]
[hep]
enabled = true
listen = "127.0.0.1:${port}"
password_file = "${folder}/hep.secret"
[firewall]
hot_signatures = []
`;
  beforeAll(async () => {
    folder = await makeLabFolder();
    await chmod(folder, 0o755);
    network = await createNetwork();
    asterisk = await startAsterisk(network);
    sipwarden = await startSipwarden(network, asterisk, settings());
    await asterisk.cli('module reload res_hep.so');
    await asterisk.cli('module load res_hep_pjsip.so');
  });
  beforeEach(async () => {
    await sipwarden.command('unban', attacker);
  });
  afterAll(async () => {
    await sipwarden?.stop();
    await asterisk?.stop();
    await network?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  const hep = async (): Promise<SensorHealth> => {
    const { sensors } = await sipwarden.status();
    return sensors.find(({ name }) => name === 'hep')!;
  };
  const alarm = async (code: string) => (await sipwarden.status()).alarms.find((each) => each.code === code);
  const judged = async (callers: string) =>
    (await asterisk.securityLog({ event: 'ChallengeResponseFailed', address: callers })).length;
  const banned = () =>
    waitFor('the attacker is banned', async () => (await sipwarden.kernelSet('sw-ban4')).includes(attacker));
  const why = async () => {
    const [attack] = await sipwarden.attacks(attacker);
    return { attack: attack?.attack, proof: attack?.proof, ...attack?.evidence };
  };

  test('is set up by one command, with a password that only sipwarden and Asterisk can read', async () => {
    const conf = await readFile(join(asterisk.etc, 'hep.conf'), 'utf8');
    const password = /^password = "(.+)"$/m.exec(await readFile(join(folder, 'hep.secret'), 'utf8'))?.[1];
    expect(conf).toContain(`\ncapture_address = 127.0.0.1:9060\ncapture_password = ${password}\n`);
    expect(sipwarden.log()).not.toContain(password);
    expect((await sipwarden.command('status', '--json')).stdout).not.toContain(password);
    await sipwarden.kill();
    await rm(join(sipwarden.folder, 'ami.secret'));
    await sipwarden.start();
    expect((await sipwarden.status()).summary).toMatch(
      /^Protecting from packets alone: .*, with sight into TLS and WebSocket$/,
    );
  });

  test.each(['TLS', 'WSS'] as const)(
    'bans who guesses over %s by what was mirrored alone, within hit_count and a few',
    async (protocol) => {
      const before = await judged(attacker);
      await guessPasswords(network, { protocol, count: 60, perSecond: 20 });
      await banned();
      expect((await judged(attacker)) - before).toBeLessThan(30);
      expect(await why()).toMatchObject({
        attack: 'registration-bruteforce',
        proof: 'proven',
        accounts: ['1005'],
        sensors: { hep: expect.any(Number) },
        proofs: [expect.objectContaining({ by: 'connection', seenBy: 'hep' })],
      });
      expect((await why()).sensors).not.toHaveProperty('packets');
    },
  );

  test('bans a scanner by its name inside TLS', async () => {
    await guessPasswords(network, { protocol: 'TLS', count: 1, userAgent: 'friendly-scanner' });
    await banned();
    expect(await why()).toMatchObject({ attack: 'scanner-signature', proof: 'proven', sensors: { hep: 1 } });
  });

  test('counts once what packets and the mirror both saw', async () => {
    const { messages = 0 } = (await hep()).counters;
    await guessPasswords(network, { protocol: 'UDP', count: 8, perSecond: 40 });
    await waitFor(
      'the mirror told of it',
      async () => ((await hep()).counters.messages ?? 0) >= messages + 16,
    );
    expect(await sipwarden.bans()).toEqual([]);
  });

  test('is not to be lied to without the password', async () => {
    const before = await hep();
    const { sent } = await forgeMirror(network, { as: phone, password: 'of somebody else' });
    const counted = 'discarded.hep: a wrong password';
    await waitFor(
      'every datagram is counted',
      async () => ((await hep()).counters[counted] ?? 0) >= (before.counters[counted] ?? 0) + sent,
    );
    expect(await sipwarden.bans()).toEqual([]);
    expect(await sipwarden.attacks(phone)).toEqual([]);
  });

  test('proves nothing of an address whose answers a forger had sent elsewhere', async () => {
    const { messages = 0 } = (await hep()).counters;
    await forgeWithDivertedAnswers(network, { as: phone });
    await waitFor(
      'the mirror told of it',
      async () => ((await hep()).counters.messages ?? 0) >= messages + 30,
    );
    const attacks = await waitFor('the forgery is recorded', async () => {
      const found = await sipwarden.attacks(phone);
      return found.length > 0 && found;
    });
    expect(new Set(attacks.map(({ proof }) => proof))).toEqual(new Set(['asserted']));
    expect((await sipwarden.bans()).filter(({ action }) => action === 'ban')).toEqual([]);
    await sipwarden.command('unban', phone);
  });

  test('outlives a flood of datagrams, counts each, and bans afterwards as before', async () => {
    const { datagrams = 0, kernelDrops = 0 } = (await hep()).counters;
    const { sent } = await forgeMirror(network, { as: phone, password: 'a flood', count: 50_000 });
    await waitFor(
      'every datagram was read or counted as dropped',
      async () => {
        const now = (await hep()).counters;
        return (now.datagrams ?? 0) + (now.kernelDrops ?? 0) >= datagrams + kernelDrops + sent;
      },
      30_000,
    );
    const [sidecar] = await sidecars();
    expect(await residentMiB(sidecar)).toBeLessThan(250);
    await guessPasswords(network, { protocol: 'TLS', count: 40 });
    await banned();
  });

  test('says loudly that a proxy hides the callers, and bans nobody of this machine', async () => {
    const local = '127.0.0.1';
    await guessPasswords(network, { protocol: 'WSS', host: 'pbx', server: local, local, count: 20 });
    const { hint } = await waitFor('the alarm', () => alarm('HEP_BEHIND_PROXY'));
    expect(hint).toContain('http.conf');
    expect(await sipwarden.bans()).toEqual([]);
  });

  test('is heard again when its sidecar was killed, and packets never stopped being read', async () => {
    const packets = (await sipwarden.status()).sensors.find(({ name }) => name === 'packets');
    const [sidecar] = await sidecars();
    process.kill(sidecar!, 'SIGKILL');
    await waitFor('it is started again', async () => ((await hep()).counters.restarts ?? 0) > 0);
    await waitFor('it is heard again', async () => (await hep()).state === 'live');
    await guessPasswords(network, { protocol: 'TLS', count: 40 });
    await banned();
    const after = (await sipwarden.status()).sensors.find(({ name }) => name === 'packets');
    expect(after).toMatchObject({ state: 'live', since: packets?.since });
  });

  test('is told apart from another program on the port, which is named as the cause', async () => {
    const code = "require('node:dgram').createSocket('udp4').bind(9061,'127.0.0.1')";
    const other = network.start('pbx', process.execPath, ['-e', code]);
    await sipwarden.configure(settings(9_061));
    const { message, hint } = await waitFor('the alarm', () => alarm('HEP_DOWN'));
    expect(message).toContain('EADDRINUSE');
    expect(hint).toMatch(/^another program listens there/);
    await other.stop();
    await waitFor('it listens once the port is free', async () => (await hep()).state === 'live', 30_000);
    expect(await alarm('HEP_DOWN')).toBeUndefined();
    expect((await sipwarden.status()).sensors[0]?.state).toBe('live');
  });

  /** The process ids of the sidecars that hold a UDP socket. */
  async function sidecars(): Promise<readonly number[]> {
    const { stdout } = await network.run('pbx', 'ss', ['-Hulpn', 'sport = :9060']);
    return [...stdout.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid));
  }
});

async function residentMiB(pid = 0): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
