// sipwarden as Asterisk's own people use it: from its command line, and as clients of its AMI.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import type { LabProcess } from './lab-process.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { startPhone } from './phone.ts';
import type { AmiClientOptions } from './programs/ami-client.ts';
import { type Sipwarden, startSipwarden } from './sipwarden.ts';
import { svmap } from './tools.ts';

jest.setTimeout(120_000);

const consumer = `[consumer]
secret = secret-of-consumer
read = user
write = user
`;

const honeypot = `[internal]
exten => 600,1,Answer()
 same => n,Echo()
exten => 666,1,UserEvent(SipwardenReport,Address: 203.0.113.78,Reason: \${CUT(CHANNEL(name),/,1)})
`;

describeWhere(
  ['root', 'namespaces', 'firewall', 'asterisk', 'sipvicious', 'tcpdump'],
  'beside a real Asterisk',
  () => {
    let network: Network;
    let asterisk: Asterisk;
    let sipwarden: Sipwarden;
    let client: LabProcess;
    let untouched: Readonly<Record<string, string>>;
    beforeAll(async () => {
      network = await createNetwork();
      asterisk = await startAsterisk(network, 'pbx', {
        files: { 'manager.d/consumer.conf': consumer, 'extensions.conf': honeypot },
      });
      untouched = await filesOf(asterisk.etc);
      sipwarden = await startSipwarden(network, asterisk);
      const further = join(sipwarden.folder, 'conf.d');
      await mkdir(further);
      await writeFile(
        join(further, 'reports.toml'),
        '[ami]\nreports = "asserted"\nreports_per_minute = 30\n',
      );
      await sipwarden.command('reload');
      client = startClient([]);
      await waitFor('the client listens', () => heard().some(({ state }) => state === 'live'));
    });
    afterAll(async () => {
      await sipwarden?.stop();
      await asterisk?.stop();
      await network?.close();
    });
    const stranger = '203.0.113.9';
    const startClient = (send: AmiClientOptions['send']) =>
      network.start('pbx', process.execPath, [
        join(import.meta.dirname, 'programs/ami-client.ts'),
        JSON.stringify({ user: 'consumer', secret: 'secret-of-consumer', send }),
      ]);
    const heard = () => {
      const lines = client.stdout().split('\n').slice(0, -1);
      return lines.map((line) => JSON.parse(line) as Record<string, string>);
    };
    const told = (name: string, address: string) =>
      waitFor(`${name} is told of ${address}`, () =>
        heard().find((event) => event.UserEvent === name && event.Address === address),
      );
    const shows = (command: string, wanted: RegExp) =>
      waitFor(`"${command}" shows ${wanted}`, async () => wanted.test(await asterisk.cli(command)));

    test('its command line bans an address, says who is banned and why, and lets it in again', async () => {
      expect(await asterisk.cli(`sipwarden ban ${stranger} 1h`)).toMatch(
        /Result: 203\.0\.113\.9 is blocked until \d{4}-/,
      );
      expect(await sipwarden.kernelSet('sw-order4')).toContain(stranger);
      await shows('sipwarden show bans', /\/sipwarden\/ban\/203\.0\.113\.9 +: ban until 20\S+Z: order/);
      expect(await asterisk.cli(`sipwarden explain ${stranger}`)).toMatch(/Asterisk's command line/);
      expect(await asterisk.cli('sipwarden show status')).toMatch(/Protecting from packets and Asterisk's/);
      expect(await asterisk.cli(`sipwarden unban ${stranger}`)).toContain('is not blocked any more');
      expect(await sipwarden.kernelSet('sw-order4')).not.toContain(stranger);
      await shows('sipwarden show bans', /0 results found/);
    });

    test('its command line shows the attacks', async () => {
      await svmap(network, { seconds: 3 });
      const { attacker } = addresses;
      const line = `/sipwarden/attack/20\\S+Z ${attacker.ipv4} scanner-signature *: asserted, \\d+ messages`;
      await shows('sipwarden show attacks', new RegExp(line));
      await shows('sipwarden show bans', new RegExp(`/sipwarden/ban/${attacker.ipv4} +: drop until`));
    });

    test('its command line takes nothing but an address and a duration', async () => {
      for (const words of ['ban', 'ban all', `ban ${stranger} soon`, `ban ${stranger} 1h --force`, 'unban']) {
        expect(await asterisk.cli(`sipwarden ${words}`)).toContain('[USAGE]');
      }
      expect(await asterisk.cli(`sipwarden ban ${addresses.pbx.ipv4}`)).toContain('[ORDER_REFUSED]');
      expect(await sipwarden.kernelSet('sw-order4')).toEqual([]);
    });

    test('the clients of its AMI are told of bans, unbans and drops', async () => {
      await sipwarden.command(
        'ban',
        '2001:db8::66',
        '--for',
        '1h',
        '--reason',
        'a\r\nAddress: 198.51.100.10',
      );
      expect(await told('SipwardenBan', '2001:db8::66')).toMatchObject({
        Decision: 'ban',
        Attack: 'order',
        Enforced: 'yes',
        Seconds: '3600',
        Reason: expect.not.stringContaining('\n'),
      });
      await sipwarden.command('unban', '2001:db8::66');
      await told('SipwardenUnban', '2001:db8::66');
      expect(await told('SipwardenBan', addresses.attacker.ipv4)).toMatchObject({
        Decision: 'drop',
        Proof: 'asserted',
      });
    });

    test('another client reports an address, which is dropped', async () => {
      startClient([{ UserEvent: 'SipwardenReport', Address: '203.0.113.77', Reason: 'honeypot' }]);
      await waitFor('it is dropped', async () =>
        (await sipwarden.kernelSet('sw-drop4')).includes('203.0.113.77'),
      );
      const [attack] = await sipwarden.attacks('203.0.113.77');
      expect(attack).toMatchObject({ attack: 'reported-abuse', proof: 'asserted' });
    });

    test('the dialplan reports an address, which is dropped', async () => {
      await asterisk.cli('channel originate Local/666@internal application Wait 1');
      await waitFor('it is dropped', async () =>
        (await sipwarden.kernelSet('sw-drop4')).includes('203.0.113.78'),
      );
      const [attack] = await sipwarden.attacks('203.0.113.78');
      expect(attack?.evidence.values).toEqual(['Local']);
    });

    test('a flood of reports is heard in part, and the rest is counted', async () => {
      const flood = Array.from({ length: 500 }, (_, index) => ({
        UserEvent: 'SipwardenReport',
        Address: `192.0.2.${index % 250}`,
      }));
      await startClient(flood).exited;
      const counters = async () =>
        (await sipwarden.status()).sensors.find(({ name }) => name === 'ami')?.counters ?? {};
      await waitFor('all were counted', async () => {
        const { reports = 0, reportsShed = 0 } = await counters();
        return reports + reportsShed > 500;
      });
      expect((await counters()).reportsShed).toBeGreaterThan(400);
      expect((await sipwarden.kernelSet('sw-drop4')).length).toBeLessThan(100);
    });

    test('what setup made is taken out again byte for byte, and phones go on', async () => {
      const { exitCode } = await sipwarden.command(
        ...['setup', '--asterisk-etc', asterisk.etc, '--asterisk-command', 'true', '--remove', '--yes'],
      );
      expect(exitCode).toBe(0);
      expect(await filesOf(asterisk.etc)).toEqual(untouched);
      for (const command of [
        'manager reload',
        'module unload res_clialiases.so',
        'module load res_clialiases.so',
      ])
        await asterisk.cli(command);
      expect(await asterisk.cli('sipwarden show bans')).toContain('No such command');
      const phone = startPhone(network);
      await waitFor('the phone registers', () => phone.report().registrations.succeeded > 2);
      await phone.stop();
    });
  },
);

describeWhere(['root', 'namespaces', 'firewall', 'asterisk', 'tcpdump'], 'beside a FreePBX', () => {
  let network: Network;
  let asterisk: Asterisk;
  let sipwarden: Sipwarden;
  afterAll(async () => {
    await sipwarden?.stop();
    await asterisk?.stop();
    await network?.close();
  });

  test('setup makes logins that work without a word in manager.conf, and takes them out again', async () => {
    network = await createNetwork();
    const additions = '#include manager_additional.conf\n#include manager_custom.conf\n';
    asterisk = await startAsterisk(network, 'pbx', {
      files: {
        'manager.conf': `[general]\nenabled = yes\nport = 5038\nbindaddr = 127.0.0.1\n${additions}`,
        'manager_additional.conf': '',
        'manager_custom.conf': consumer,
      },
    });
    const untouched = await filesOf(asterisk.etc);
    sipwarden = await startSipwarden(network, asterisk);
    expect((await sipwarden.status()).pbx.state).toBe('live');
    expect(await asterisk.cli('sipwarden ban 203.0.113.9 1h')).toContain('is blocked until');
    await sipwarden.command(
      'setup',
      '--asterisk-etc',
      asterisk.etc,
      '--asterisk-command',
      'true',
      '--remove',
      '--yes',
    );
    expect(await filesOf(asterisk.etc)).toEqual(untouched);
  });
});

async function filesOf(directory: string): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, await readFile(path, 'latin1')])),
  );
}
