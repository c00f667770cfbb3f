import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCommand } from '../../src/lib/run-command.ts';
import { readLogins } from '../../src/sense/host-logins.ts';
import { type HostFolder, makeHostFolder, utmpRecord } from './host-files.ts';

const admin = { address: '192.0.2.50', user: 'anna', via: 'ssh', since: 1_700_000_000_500 };
const other = { ...admin, address: '192.0.2.51' };

let folder: HostFolder;
beforeEach(async () => {
  folder = await makeHostFolder();
});
afterEach(() => folder.remove());

test('knows a login once that utmp and systemd-logind both tell of', async () => {
  await folder.addSystemd();
  await folder.addProcess(500);
  await folder.writeSession('3');
  await folder.writeUtmp(utmpRecord());
  expect(readLogins(folder.paths)).toEqual({
    sessions: [admin],
    sources: ['utmp', 'systemd-logind'],
    haveTerminals: true,
    nameless: 0,
  });
});

test('knows of several logins of one person since the first', async () => {
  await folder.addSystemd();
  await folder.writeSession('3', { REALTIME: '1700000060000000' });
  await folder.writeSession('4');
  await folder.writeSession('5', { REALTIME: '1700000090000000' });
  expect(readLogins(folder.paths).sessions).toEqual([admin]);
});

test('does not count a record of utmp whose process is gone, or another by now', async () => {
  await folder.addProcess(500, 'systemd');
  await folder.addProcess(501, 'sshd-session', 'a) S 1 (b');
  await folder.writeUtmp(
    utmpRecord(),
    utmpRecord({ pid: 501, address: [192, 0, 2, 51] }),
    utmpRecord({ pid: 502 }),
  );
  expect(readLogins(folder.paths).sessions).toEqual([other]);
});

test('counts the login of an sshd whose listener was started anew', async () => {
  await folder.addProcess(500, 'systemd', 'sshd-session');
  await folder.writeUtmp(utmpRecord());
  expect(readLogins(folder.paths).sessions).toEqual([admin]);
});

test('is held up by no FIFO among the sessions, and reads no file that is being written', async () => {
  await folder.addSystemd();
  await runCommand('mkfifo', [`${folder.paths.sessions}/3.ref`, `${folder.paths.sessions}/4`]);
  await folder.writeSession('.#3yjSomc');
  await folder.writeSession('5', { REMOTE_HOST: other.address });
  expect(readLogins(folder.paths).sessions).toEqual([other]);
});

test('counts the logins of which sshd hands on a name alone', async () => {
  await folder.addSystemd();
  await folder.writeSession('3', { REMOTE_HOST: 'admin.example' });
  expect(readLogins(folder.paths)).toMatchObject({ sessions: [], nameless: 1 });
});

test('knows the address of such a login where utmp has it', async () => {
  await folder.addSystemd();
  await folder.addProcess(500);
  await folder.writeSession('3', { REMOTE_HOST: 'admin.example' });
  await folder.writeUtmp(utmpRecord());
  expect(readLogins(folder.paths)).toMatchObject({ sessions: [admin], nameless: 0 });
});

test('keeps to a thousand sessions', async () => {
  await folder.addSystemd();
  const names = Array.from({ length: 1_050 }, (_, index) => index);
  await Promise.all(
    names.map((index) =>
      folder.writeSession(String(index), { REMOTE_HOST: `10.0.${index >> 8}.${index & 255}` }),
    ),
  );
  expect(readLogins(folder.paths).sessions).toHaveLength(1_000);
});

test('says nothing of sources that are not there', () => {
  expect(readLogins(folder.paths)).toEqual({ sessions: [], sources: [], haveTerminals: false, nameless: 0 });
});
