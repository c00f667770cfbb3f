// Who counts as an administrator, with a real sshd and a real ssh: who has logged in, and nobody who merely connects.
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { readUtmp } from '../../src/sense/utmp.ts';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { administrator, gateway, openSshLab, type SshLab, stranger } from './ssh-lab.ts';
import { account } from './sshd.ts';
import { type WatchedHost, watchHostSensor } from './watched-host.ts';

jest.setTimeout(60_000);

describeWhere(['root', 'namespaces', 'openssh'], 'the host sensor beside a real sshd', () => {
  let lab: SshLab;
  let host: WatchedHost;
  beforeAll(async () => {
    lab = await openSshLab();
  });
  beforeEach(async () => {
    host = await watchHostSensor(lab.paths);
  });
  afterEach(() => host?.sensor.stop());
  afterAll(() => lab?.remove());

  test.each(Object.values(administrator))('knows who logged in from %s, until he leaves', async (address) => {
    const login = await lab.login(address, '-tt');
    await host.untilAdministrators(address);
    expect(host.facts.at(-1)).toMatchObject({ sessions: [{ address, user: account, via: 'ssh' }] });
    await login.leave();
    await host.untilAdministrators();
  });

  test('takes neither an open connection nor a failed login for an administrator', async () => {
    await lab.connectOnly(stranger);
    expect(await lab.failToLogIn(stranger)).toBe(255);
    await waitFor('sshd refuses', () =>
      lab.log().includes(` by authenticating user ${account} ${stranger} `),
    );
    // What sshd would have written of the stranger lies before what it writes of this login.
    const login = await lab.login(administrator.ipv4, '-tt');
    await host.untilAdministrators(administrator.ipv4);
    await login.leave();
    await host.untilAdministrators();
    expect(host.everAdministrators()).toEqual([administrator.ipv4]);
  });

  test('finds no login without a terminal in utmp: that is what systemd-logind is read for', async () => {
    const login = await lab.login(administrator.ipv4);
    expect(readUtmp(await readFile(lab.paths.utmp))).toEqual([]);
    await login.leave();
  });

  test('knows the default gateways of that network namespace', () => {
    expect(host.gateways()).toEqual([gateway.ipv4, gateway.ipv6]);
    expect(host.sensor.health()).toMatchObject({
      state: 'live',
      detail: `logins from utmp; gateways ${gateway.ipv4}, ${gateway.ipv6}`,
    });
  });
});
