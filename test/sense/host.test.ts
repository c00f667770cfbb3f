// The host sensor on files as Linux and systemd write them; with a real sshd see host-login.test.ts.
import { symlink } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { HostOptions } from '../../src/sense/host-options.ts';
import { type HostFolder, ipv4Routes, makeHostFolder, utmpRecord } from './host-files.ts';
import { type WatchedHost, watchHostSensor } from './watched-host.ts';

const admin = '192.0.2.50';
const other = '192.0.2.51';

let folder: HostFolder;
let host: WatchedHost | undefined;
beforeEach(async () => {
  folder = await makeHostFolder();
});
afterEach(async () => {
  await host?.sensor.stop();
  host = undefined;
  await folder.remove();
});

async function start(options: Partial<HostOptions> = {}): Promise<WatchedHost> {
  host = await watchHostSensor(folder.paths, options);
  return host;
}
const health = () => host?.sensor.health();

test('says at its start who is logged in and where the gateway is', async () => {
  await folder.addSystemd();
  await folder.writeSession('3');
  await folder.writeRoutes(ipv4Routes());
  const { administrators, gateways } = await start();
  expect({ administrators: administrators(), gateways: gateways() }).toEqual({
    administrators: [admin],
    gateways: ['192.0.2.1'],
  });
  expect(health()).toMatchObject({
    state: 'live',
    detail: 'logins from systemd-logind; gateways 192.0.2.1',
    counters: { administrators: 1, gateways: 1, nameless: 0 },
  });
});

test('hears of a login and of a logout from systemd-logind', async () => {
  await folder.addSystemd();
  const { untilAdministrators } = await start();
  await folder.writeSession('3');
  await untilAdministrators(admin);
  await folder.writeSession('c12', { REMOTE_HOST: other });
  await untilAdministrators(admin, other);
  await folder.removeSession('3');
  await untilAdministrators(other);
});

test('hears of a login and of a logout from utmp, which appears late', async () => {
  await folder.addProcess(500);
  const { untilAdministrators } = await start();
  await folder.writeUtmp(utmpRecord());
  await untilAdministrators(admin);
  await folder.writeUtmp(utmpRecord({ type: 8 }));
  await untilAdministrators();
});

test('notices a minute later, when asked, that the process of a login was killed', async () => {
  await folder.addProcess(500);
  await folder.writeUtmp(utmpRecord());
  const { administrators, pass } = await start();
  await folder.endProcess(500);
  pass(59_999);
  health();
  expect(administrators()).toEqual([admin]);
  pass(1);
  expect(health()?.counters.administrators).toBe(0);
  expect(administrators()).toEqual([]);
});

test('notices another gateway when it is asked, and says nothing where it is the same', async () => {
  await folder.writeRoutes(ipv4Routes());
  const { facts, gateways, pass } = await start();
  pass(60_000);
  health();
  expect(facts).toHaveLength(2);
  await folder.writeRoutes(ipv4Routes('eth0\t00000000\tFE0200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n'));
  pass(60_000);
  health();
  expect(gateways()).toEqual(['192.0.2.254']);
});

test('is down with one alarm where nothing can be read, and live when something can', async () => {
  const { alarms, administrators, pass } = await start();
  for (let minute = 0; minute < 3; minute += 1) {
    pass(60_000);
    health();
  }
  expect(health()).toMatchObject({
    state: 'down',
    detail: expect.stringMatching(/^no logins: .*no route table/),
  });
  expect(alarms).toEqual(['raised HOST_UNREADABLE']);
  await folder.addSystemd();
  await folder.writeSession('3');
  pass(60_000);
  expect(health()).toMatchObject({ state: 'live' });
  expect(administrators()).toEqual([admin]);
  expect(alarms).toEqual(['raised HOST_UNREADABLE', 'cleared HOST_UNREADABLE']);
});

test('keeps what it knew while a file cannot be read', async () => {
  await folder.addSystemd();
  await folder.writeSession('3');
  const { administrators, alarms, pass } = await start();
  // Its first byte cannot be read: EIO.
  await symlink('/proc/self/mem', folder.paths.utmp);
  pass(60_000);
  expect(health()).toMatchObject({ state: 'down', detail: expect.stringContaining('EIO') });
  expect(alarms).toEqual(['raised HOST_UNREADABLE']);
  expect(administrators()).toEqual([admin]);
});

test('reads what it is told to, and takes back what a sensor with other options knew', async () => {
  await folder.addSystemd();
  await folder.writeSession('3');
  await folder.writeRoutes(ipv4Routes());
  const { facts } = await start({ administrators: false });
  expect(facts).toMatchObject([
    { kind: 'administrators', sessions: [] },
    { kind: 'gateways', addresses: ['192.0.2.1'] },
  ]);
  expect(health()?.detail).toBe('logins are not read; gateways 192.0.2.1');
});

test('reads nothing where it is switched off', async () => {
  await folder.writeRoutes(ipv4Routes());
  const { facts } = await start({ administrators: false, gateways: false });
  expect(facts).toMatchObject([
    { kind: 'administrators', sessions: [] },
    { kind: 'gateways', addresses: [] },
  ]);
  expect(health()?.state).toBe('off');
});
