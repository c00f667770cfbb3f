// Who runs as what: the real daemon, started as root, and what its processes may do then.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { consoleGroup, daemonUser, program, type Sipwarden, startSipwarden } from './sipwarden.ts';

jest.setTimeout(60_000);

const nobody = 65_534;
const none = '0000000000000000';
/** CAP_NET_ADMIN, and CAP_NET_RAW for the backend ipset. */
const netAdminAndRaw = '0000000000003000';

describeWhere(['root', 'namespaces', 'firewall', 'tcpdump'], 'sipwarden, started as root', () => {
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

  const pids = async () => {
    const { stdout } = await network.run('pbx', 'ip', ['netns', 'pids', network.namespaceOf('pbx')]);
    return stdout.split('\n').filter(Boolean);
  };
  /** The process whose command line holds that text. */
  const find = (text: string) =>
    waitFor(`there is a process ${text}`, async () => {
      for (const pid of await pids()) {
        const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        if (command.replaceAll('\0', ' ').includes(text) && !command.startsWith('ip\0')) return pid;
      }
      return undefined;
    });
  const rightsOf = async (text: string) => {
    const status = await readFile(`/proc/${await find(text)}/status`, 'utf8');
    const read = (key: string) => new RegExp(`^${key}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(status)?.[1];
    return {
      users: [...new Set(read('Uid')?.split('\t'))],
      groups: [...new Set(read('Gid')?.split('\t'))],
      others: read('Groups'),
      effective: read('CapEff'),
      permitted: read('CapPrm'),
      ambient: read('CapAmb'),
      noNewPrivileges: read('NoNewPrivs'),
    };
  };
  const rights = (user: number, capabilities: string) => ({
    users: [String(user)],
    groups: [String(user)],
    others: '',
    effective: capabilities,
    permitted: capabilities,
    ambient: capabilities,
    noNewPrivileges: '1',
  });
  /** Whether a command succeeds as that user, with no right but his. */
  const may = async (user: number, ...argv: readonly string[]) => {
    const as = ['--reuid', String(user), '--regid', String(user), '--clear-groups', '--inh-caps=-all', '--'];
    return (await network.run('pbx', 'setpriv', [...as, ...argv])).exitCode === 0;
  };
  const owner = async (path: string) => {
    const { uid, gid, mode } = await stat(path);
    return { uid, gid, mode: (mode & 0o7777).toString(8) };
  };
  const arePacketsRead = async () =>
    (await sipwarden.status()).sensors.some(({ name, state }) => name === 'packets' && state === 'live');
  const banned = () => sipwarden.kernelSet('sw-order4');

  test('runs its daemon and the programs of the firewall as a user who may do that and nothing else', async () => {
    expect((await sipwarden.command('ban', '203.0.113.9')).exitCode).toBe(0);
    expect(await banned()).toEqual(['203.0.113.9']);
    for (const name of ['cli.ts', 'ipset -', 'tcpdump']) {
      expect([name, await rightsOf(name)]).toEqual([name, rights(daemonUser, netAdminAndRaw)]);
    }
  });

  test('runs its sidecar, and what starts it, as another user without any right', async () => {
    for (const name of ['sidecar.ts', 'sidecar-starter.ts']) {
      expect([name, await rightsOf(name)]).toEqual([name, rights(nobody, none)]);
    }
  });

  test('starts a killed sidecar again, under its own user', async () => {
    const killed = await find('sidecar.ts');
    process.kill(Number(killed), 'SIGKILL');
    await waitFor('another reads', async () => (await find('sidecar.ts')) !== killed);
    expect(await rightsOf('sidecar.ts')).toEqual(rights(nobody, none));
    await waitFor('packets are read', arePacketsRead);
  });

  test("lets the group of Asterisk's command line use the limited socket, and no other", async () => {
    const run = join(sipwarden.folder, 'run');
    const [limited, full] = [join(run, 'asterisk/control.sock'), join(run, 'control.sock')];
    expect(await owner(limited)).toEqual({ uid: daemonUser, gid: consoleGroup, mode: '660' });
    expect(await may(consoleGroup, 'test', '-w', limited)).toBe(true);
    expect(await may(consoleGroup, 'test', '-w', full)).toBe(false);
    expect(await may(nobody, 'test', '-w', limited)).toBe(false);
  });

  test('takes over what an earlier sipwarden left to root, and repairs the firewall', async () => {
    await sipwarden.kill();
    const [state, secret, elsewhere] = ['state', 'ami.secret', 'elsewhere'].map((name) =>
      join(sipwarden.folder, name),
    ) as [string, string, string];
    await network.run('pbx', 'chown', ['-R', '0:0', state]);
    await writeFile(secret, 'events = "12345678"\nactions = "12345678"\n', { mode: 0o600 });
    await writeFile(elsewhere, '', { mode: 0o600 });
    await network.run('pbx', 'ln', ['-s', elsewhere, join(state, 'sipwarden.db-link')]);
    await network.run('pbx', 'ln', [elsewhere, join(state, 'sipwarden.db-hard')]);
    await network.run('pbx', 'iptables', ['-t', 'raw', '-F']);
    await network.run('pbx', 'ipset', ['flush', 'sw-order4']);

    await sipwarden.start();

    expect(await banned()).toEqual(['203.0.113.9']);
    expect((await network.run('pbx', 'iptables-save', ['-t', 'raw'])).stdout).toContain('-A PREROUTING');
    expect((await sipwarden.status()).alarms.map(({ code }) => code)).not.toContain('STORE_FAILING');
    expect(await owner(state)).toEqual({ uid: daemonUser, gid: daemonUser, mode: '700' });
    expect(await owner(join(state, 'sipwarden.db'))).toMatchObject({ uid: daemonUser, gid: daemonUser });
    expect(await owner(secret)).toEqual({ uid: 0, gid: daemonUser, mode: '640' });
    expect(await owner(elsewhere)).toMatchObject({ uid: 0, gid: 0 });
  });

  test("gives its control socket to the operators' group, and to nobody else", async () => {
    expect(await owner(join(sipwarden.folder, 'run/control.sock'))).toEqual({
      uid: daemonUser,
      gid: 0,
      mode: '660',
    });
  });

  test('lets its daemon write to its own folders alone, and read what it is configured with', async () => {
    const write = (path: string) => may(daemonUser, 'test', '-w', path);
    const { folder, configFile } = sipwarden;
    const places = [join(folder, 'state'), join(folder, 'run'), folder, configFile, '/etc', program];
    expect(await Promise.all(places.map(write))).toEqual([true, true, false, false, false, false]);
    expect(await may(daemonUser, 'test', '-r', join(folder, 'ami.secret'))).toBe(true);
  });

  test('lets its sidecar neither read a secret or the store, nor reach the socket, nor signal or look into the daemon', async () => {
    const { folder } = sipwarden;
    const daemon = await find('cli.ts');
    const attempts = [
      ['test', '-r', join(folder, 'ami.secret')],
      ['test', '-r', join(folder, 'state/sipwarden.db')],
      ['test', '-w', join(folder, 'run/control.sock')],
      ['test', '-w', join(folder, 'run/capture')],
      ['kill', '-0', daemon],
      ['ls', `/proc/${daemon}/fd`],
      ['test', '-r', `/proc/${daemon}/environ`],
    ];
    for (const argv of attempts) expect([argv, await may(nobody, ...argv)]).toEqual([argv, false]);
  });

  test('leaves no process when it is stopped, and none but tcpdump when it is killed', async () => {
    const programs = async () => {
      const names = (await pids()).map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'ip\n'));
      return (await Promise.all(names)).filter((name) => name !== 'ip\n');
    };
    await sipwarden.kill();
    // It notices at its next packet, or the next start ends it.
    await waitFor('the others have ended', async () => String(await programs()) === 'tcpdump\n');
    await sipwarden.start();
    sipwarden.signal('SIGTERM');
    await waitFor('all have ended', async () => (await programs()).length === 0);
    expect(await readdir(join(sipwarden.folder, 'run/capture'))).toEqual([]);
    await sipwarden.kill();
  });

  test.each([
    ['daemon', 'user', 'nobdoy', 'there is no such user on this machine', 'useradd'],
    ['daemon', 'user', 'root', 'is root, who may do everything', 'useradd'],
    ['capture', 'sidecar_user', 'nobdoy', 'there is no such user on this machine', 'nobody'],
  ])('is refused with %s.%s = "%s"', async (table, key, value, reason, cure) => {
    const file = join(sipwarden.folder, 'wrong.toml');
    const user = table === 'daemon' ? '' : `[daemon]\nuser = "${daemonUser}"\n`;
    await writeFile(file, `${user}[${table}]\n${key} = "${value}"\n`);
    const { exitCode, stderr } = await network.run('pbx', program, ['--config', file, 'run']);
    expect(exitCode).toBe(78);
    expect(stderr).toContain(`${file}: ${table}.${key} = "${value}": ${reason} [DAEMON_USER]`);
    expect(stderr).toContain(cure);
  });

  test('is refused with a control socket in a folder of others, of which nothing changes hands', async () => {
    const { folder } = sipwarden;
    const file = join(folder, 'wrong.toml');
    const places = `[control]\nsocket = "${folder}/control.sock"\n[store]\ndirectory = "${folder}/state"\n`;
    await writeFile(file, `[daemon]\nuser = "${daemonUser}"\n${places}`);
    const { exitCode, stderr } = await network.run('pbx', program, ['--config', file, 'run']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/\[CONTROL_FOLDER\]\n.*a folder of its own/);
    expect(await owner(folder)).toMatchObject({ uid: 0 });
    expect(await readdir(folder)).not.toContain('capture');
  });

  test('is refused as an ordinary user, with what he lacks and how he gets it', async () => {
    const as = ['--reuid', String(daemonUser), '--regid', String(daemonUser), '--clear-groups', '--'];
    const { exitCode, stderr } = await network.run('pbx', 'setpriv', [
      ...as,
      program,
      ...['--config', sipwarden.configFile, 'run'],
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /lacks CAP_NET_ADMIN and CAP_NET_RAW \[DAEMON_UNPRIVILEGED\]\n.*sudo sipwarden run/,
    );
  });

  test('stays who it is where it was started with what it needs, as by systemd', async () => {
    const given = '+net_admin,+net_raw';
    const daemon = network.start('pbx', 'setpriv', [
      ...['--reuid', String(daemonUser), '--regid', String(daemonUser), '--clear-groups', '--no-new-privs'],
      ...[
        '--inh-caps',
        given,
        '--ambient-caps',
        given,
        '--',
        program,
        '--config',
        sipwarden.configFile,
        'run',
      ],
    ]);
    await waitFor(
      'it is up',
      () => daemon.stderr().includes('sipwarden is up') || daemon.stdout().includes('sipwarden is up'),
    );
    expect(await rightsOf('cli.ts')).toEqual(rights(daemonUser, netAdminAndRaw));
    expect(await banned()).toEqual(['203.0.113.9']);
    const [alarm] = (await sipwarden.status()).alarms.filter(({ code }) => code === 'CAPTURE_DOWN');
    expect(alarm?.hint).toMatch(/^restart sipwarden, as root/);
    const starter = join(import.meta.dirname, '../../src/sidecar-starter.ts');
    network.start('pbx', 'setpriv', [
      ...['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', '--no-new-privs', '--'],
      ...[process.execPath, starter, '--socket', join(sipwarden.folder, 'run/starter/socket')],
    ]);
    await waitFor('packets are read', arePacketsRead, 20_000);
    await daemon.stop();
  });
});
