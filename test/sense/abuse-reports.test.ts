// Reports of other AMI clients, over a real connection to a server that speaks AMI.
import { afterEach, expect, test } from '@jest/globals';
import { readAmiMessage } from '../../src/asterisk/ami-message.ts';
import type { AbuseReported } from '../../src/model/observation.ts';
import { createAbuseReports, reportOf } from '../../src/sense/abuse-reports.ts';
import { type AmiServer, quickTiming, startAmiServer } from '../asterisk/ami-server.ts';
import { waitFor } from '../wait-for.ts';

const event = (...lines: readonly string[]) => [
  'Event: UserEvent',
  'Privilege: user,all',
  'UserEvent: SipwardenReport',
  ...lines,
];
const read = (lines: readonly string[]) => reportOf(readAmiMessage(lines), false, 5);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function listen(worth: 'off' | 'asserted' | 'proven', perMinute = 60) {
  const server: AmiServer = await startAmiServer();
  const heard: AbuseReported[] = [];
  let clock = 1_000_000;
  const reports = createAbuseReports({
    login: { host: '127.0.0.1', port: server.port, user: 'reader', secret: () => 'secret-of-reader' },
    options: { worth, perMinute },
    timing: quickTiming,
    now: () => clock,
    report: (some) => void heard.push(...some),
  });
  closing.push(() => server.close(), reports.close);
  reports.open();
  if (worth !== 'off')
    await waitFor('it listens', () => server.actions.some(({ events }) => events === 'user'));
  const write = (...events: readonly (readonly string[])[]) =>
    server.write(events.map((lines) => `${lines.join('\r\n')}\r\n\r\n`).join(''));
  const pass = (ms: number) => {
    clock += ms;
  };
  return { server, heard, reports, write, pass };
}

test('a report is heard on a connection of its own, with its address and its reason', async () => {
  const { heard, write } = await listen('asserted');
  write(event('Address: 203.0.113.9', 'Reason: dialled the honeypot'));
  await waitFor('it is heard', () => heard.length === 1);
  expect(heard[0]).toMatchObject({
    kind: 'abuse-reported',
    source: { address: '203.0.113.9', port: 0 },
    reason: 'dialled the honeypot',
    proof: { level: 'asserted' },
  });
});

test('it proves the address only where the administrator says so', async () => {
  const { heard, write } = await listen('proven');
  write(event('Address: 2001:db8::9'));
  await waitFor('it is heard', () => heard.length === 1);
  expect(heard[0]?.proof).toMatchObject({ level: 'proven', by: 'vouched' });
});

test('nobody listens where reports are off', async () => {
  const { server, reports } = await listen('off');
  expect(server.connections()).toBe(0);
  expect(reports.counters()).toEqual({ reports: 0, reportsShed: 0 });
});

test('of a flood only as many are heard as a minute allows, and the rest is counted', async () => {
  const { heard, reports, write, pass } = await listen('asserted', 60);
  const flood = (count: number) =>
    write(...Array.from({ length: count }, (_, index) => event(`Address: 203.0.113.${index % 250}`)));
  flood(5_000);
  const all = () => reports.counters().reports + reports.counters().reportsShed;
  await waitFor('all came', () => all() === 5_000);
  expect(heard).toHaveLength(60);
  pass(30_000);
  flood(100);
  await waitFor('all came', () => all() === 5_100);
  expect(heard).toHaveLength(90);
});

test('a report of the dialplan is built as Asterisk builds it, with its channel', () => {
  const channel = ['Channel: PJSIP/100-1', 'CallerIDName: <unknown>', 'Exten: 600', 'Linkedid: 1.1'];
  expect(
    read([
      'Event: UserEvent',
      'Privilege: user,all',
      ...channel,
      'UserEvent: SipwardenReport',
      'Address: 203.0.113.9',
    ]),
  ).toMatchObject({ source: { address: '203.0.113.9' }, reason: '' });
});

test.each([
  ['without an address', event('Reason: none')],
  ['of a network', event('Address: 203.0.113.0/24')],
  ['of a name', event('Address: example.com')],
  ['with an address and more', event('Address: 203.0.113.9 and 203.0.113.10')],
  ['with two addresses', event('Address: 203.0.113.9', 'Address: 203.0.113.10')],
  ['with a header that no report has', event('Address: 203.0.113.9', 'Privilege2: x')],
  ['with a line that is no header', event('Address: 203.0.113.9', 'and so on')],
  ['of another class', ['Event: UserEvent', 'UserEvent: SipwardenReport', 'Address: 203.0.113.9']],
])('a report %s is refused', (_, lines) => {
  expect(read(lines)).toBeUndefined();
});

test('the reason is cut', () => {
  expect(read(event('Address: 203.0.113.9', `Reason: ${'x'.repeat(1_000)}`))?.reason).toHaveLength(128);
});
