// The daemon on a host without Asterisk: what it says, what it refuses, what it survives.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { runCommand } from '../../src/lib/run-command.ts';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';
import { svmap } from './tools.ts';

jest.setTimeout(60_000);

describeWhere(['root', 'namespaces', 'firewall', 'sipvicious', 'tcpdump'], 'a host without Asterisk', () => {
  let network: Network;
  let sipwarden: Sipwarden;
  beforeAll(async () => {
    network = await createNetwork();
    sipwarden = await startSipwarden(network);
  });
  afterAll(async () => {
    await sipwarden?.stop();
    await network?.close();
  });
  const attacker = addresses.attacker.ipv4;

  test('is protected from packets alone, and told so', async () => {
    expect((await sipwarden.status()).summary).toMatch(/^Protecting from packets alone/);
    await svmap(network, { seconds: 3 });
    await waitFor('the scanner is dropped', async () =>
      (await sipwarden.kernelSet('sw-drop4')).includes(attacker),
    );
    const [attack] = await sipwarden.attacks(attacker);
    expect(attack).toMatchObject({ attack: 'scanner-signature', proof: 'asserted', action: 'drop' });
  });

  test('runs the parser of packets without any right, away from the control socket', async () => {
    const { stdout } = await runCommand('ip', ['netns', 'pids', network.namespaceOf('pbx')]);
    const files = (pid: string, name: string) => readFile(`/proc/${pid}/${name}`, 'utf8');
    const pids = stdout.trim().split('\n');
    const commands = await Promise.all(pids.map((pid) => files(pid, 'cmdline')));
    const sidecars = pids.filter((_, index) => commands[index]?.includes('src/sidecar.ts'));
    const statuses = await Promise.all(sidecars.map((pid) => files(pid, 'status')));
    expect(statuses.length).toBeGreaterThan(0);
    for (const status of statuses) {
      expect(status).toMatch(/^Uid:\s+(?!0\b)\d+/m);
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'])
        expect(status).toMatch(new RegExp(`^${set}:\\s+0+$`, 'm'));
      const [uid, gid] = ['Uid', 'Gid'].map(
        (key) => new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? '',
      );
      const asSidecar = [
        '--reuid',
        uid ?? '',
        '--regid',
        gid ?? '',
        '--clear-groups',
        'test',
        '-w',
        `${sipwarden.folder}/run/control.sock`,
      ];
      expect((await network.run('pbx', 'setpriv', asSidecar)).exitCode).toBe(1);
    }
  });

  test('keeps its settings when a wrong file is written, and says what is wrong with it', async () => {
    await writeFile(sipwarden.configFile, '[decide]\nban_time = "soon"\n');
    const { exitCode, stderr } = await sipwarden.command('check-config');
    expect(exitCode).toBe(78);
    expect(stderr).toContain(sipwarden.configFile);
    expect(stderr).toContain('decide.ban_time');
    await waitFor('it is refused', () => /new configuration refused/.test(sipwarden.log()));
    await sipwarden.configure('mode = "observe"');
    await waitFor('the right one is in force', async () => (await sipwarden.status()).mode === 'observe');
  });

  test('takes its own blocks out of the firewall in observe mode, and puts them back in enforce mode', async () => {
    const dropped = () => sipwarden.kernelSet('sw-drop4');
    await waitFor('the block is gone', async () => (await dropped()).length === 0);
    await sipwarden.configure('');
    await waitFor('it is back', async () => (await dropped()).length > 0);
    expect(await dropped()).toEqual([attacker]);
  });

  test('puts its rules and bans back when another program flushes the firewall, and says so', async () => {
    const rules = async () => (await network.run('pbx', 'iptables-save', ['-t', 'raw'])).stdout;
    const before = await rules();
    await network.run('pbx', 'nft', ['flush', 'ruleset']);
    await network.run('pbx', 'ipset', ['flush']);
    await waitFor('they are back', async () => {
      const dropped = await sipwarden.kernelSet('sw-drop4');
      return dropped.includes(attacker) && (await rules()).includes('-j SIPWARDEN');
    });
    const { alarms, firewall } = await sipwarden.status();
    expect(firewall.repairs).toBeGreaterThan(0);
    expect(alarms.map(({ code }) => code)).toContain('FIREWALL_CHANGED_BY_OTHERS');
    const chainsOf = (text: string) => text.split('\n').filter((line) => /^-A /.test(line));
    expect(chainsOf(await rules())).toEqual(chainsOf(before));
  });

  test('reads its configuration again at SIGHUP', async () => {
    const applied = () => sipwarden.log().split('configuration applied').length;
    const before = applied();
    await sipwarden.configure('[decide]\nban_time = "2h"');
    sipwarden.signal('SIGHUP');
    await waitFor('it is applied', () => applied() > before);
    expect((await sipwarden.command('ban', '203.0.113.9')).exitCode).toBe(0);
    const [ban] = (await sipwarden.explain('203.0.113.9')).history;
    expect(Date.parse(String(ban?.until)) - Date.parse(String(ban?.time))).toBe(7_200_000);
  });

  test('does not let a second daemon take its place', async () => {
    const { exitCode, stderr } = await sipwarden.command('run');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/\[(CONTROL_IN_USE)\]/);
    expect((await sipwarden.status()).mode).toBe('enforce');
  });

  test('answers wrong orders with one line, a hint and the right exit code', async () => {
    const wrong = async (...args: string[]) => {
      const { exitCode, stdout, stderr } = await sipwarden.command(...args);
      expect(stdout).toBe('');
      return [exitCode, /\[(\w+)\]/.exec(stderr)?.[1]];
    };
    expect(await wrong('ban', 'example.org')).toEqual([2, 'USAGE']);
    expect(await wrong('ban', '203.0.113.9', '--for', 'ever')).toEqual([2, 'USAGE']);
    expect(await wrong('ban', addresses.pbx.ipv4)).toEqual([1, 'ORDER_REFUSED']);
    expect(await wrong('replay', '/nonexistent.pcap')).toEqual([1, 'REPLAY_UNREADABLE']);
    expect(await wrong('replay', sipwarden.configFile)).toEqual([1, 'REPLAY_FORMAT']);
    expect(await wrong('teardown')).toEqual([1, 'DAEMON_RUNNING']);
    expect((await sipwarden.command('no-such-order')).exitCode).toBe(2);
  });

  test('goes on protecting when its database cannot be opened, keeps what the kernel holds, and raises an alarm', async () => {
    await sipwarden.kill();
    const held = await sipwarden.kernelSet('sw-order4');
    expect(held).toEqual(['203.0.113.9']);
    await network.run('pbx', 'mv', [join(sipwarden.folder, 'state'), join(sipwarden.folder, 'state.away')]);
    await writeFile(join(sipwarden.folder, 'state'), 'not a directory');

    await sipwarden.start();

    expect((await sipwarden.status()).alarms.map(({ code }) => code)).toContain('STORE_FAILING');
    expect(await sipwarden.kernelSet('sw-order4')).toEqual(held);
    await network.run('pbx', 'rm', [join(sipwarden.folder, 'state')]);
  });

  test('says that it does not run when it does not', async () => {
    await sipwarden.kill();
    expect((await sipwarden.command('bans')).exitCode).toBe(3);
    await sipwarden.start();
  });
});
