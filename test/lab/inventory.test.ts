// The inventory beside a real Asterisk: who is ours, learned from Asterisk alone, whatever clients write.
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { LiveCall } from '../../src/model/inventory.ts';
import { describeWhere } from '../prerequisites.ts';
import { waitFor } from '../wait-for.ts';
import { addresses } from './addresses.ts';
import { type AmiSensor, managerPiece, startAmiSensor } from './ami-sensor.ts';
import { type Asterisk, startAsterisk } from './asterisk.ts';
import { asteriskFiles } from './asterisk-config.ts';
import { callAs, probeAs, registerPoisoned } from './liars.ts';
import { createNetwork, type Network } from './namespaces.ts';
import { startPhone } from './phone.ts';

jest.setTimeout(60_000);

const identify = (name: string, match: string) => `
[${name}]
type=endpoint
context=internal
disallow=all
allow=ulaw
[${name}]
type=identify
endpoint=${name}
match=${match}
`;

const guests = `
[anonymous]
type=endpoint
context=internal
disallow=all
allow=ulaw
`;

const registration = `
[provider]
type=registration
server_uri=sip:198.51.100.21
client_uri=sip:us@198.51.100.21
outbound_auth=100
`;

/** With a registration at a provider besides what the lab's PBX has. */
async function startPbx(network: Network, pjsip: string): Promise<Asterisk> {
  const lab = asteriskFiles('', '')['pjsip.conf'];
  return startAsterisk(network, 'pbx', {
    files: { ...(await managerPiece()), 'pjsip.conf': `${lab}${registration}${pjsip}` },
  });
}

describeWhere(['root', 'namespaces', 'asterisk'], 'the inventory of a real PBX', () => {
  let network: Network;
  let asterisk: Asterisk;
  let sensor: AmiSensor;
  beforeAll(async () => {
    network = await createNetwork();
    asterisk = await startPbx(network, guests);
    sensor = await startAmiSensor(network);
  });
  afterAll(async () => {
    await sensor?.stop();
    await asterisk?.stop();
    await network?.close();
  });

  const { pbx, phone, trunk, attacker } = addresses;
  const known = [
    { network: trunk.ipv4, endpoint: 'trunk', because: 'identify' },
    { network: trunk.ipv6, endpoint: 'trunk', because: 'identify' },
    { network: trunk.ipv4, endpoint: 'trunk', because: 'static-contact' },
    { network: '198.51.100.21', endpoint: '', because: 'outbound-registration' },
  ];
  const reload = async () => {
    const before = sensor.facts('trunks').length;
    await asterisk.cli('module reload res_pjsip.so');
    await waitFor('the trunks were read again', () => sensor.facts('trunks').length > before);
  };
  const peers = (calls: readonly LiveCall[]) => calls.map(({ peer }) => peer.address);

  test('begins with a restart, and holds the trunks that are configured', async () => {
    expect((await sensor.knows('trunks', () => true)).trunks).toEqual(known);
    expect(sensor.findings()).toContainEqual({
      said: 'fact',
      fact: { kind: 'restart', time: expect.any(Number) },
    });
  });

  test.each([
    { account: '100', family: 'ipv4', protocol: 'UDP' },
    { account: '101', family: 'ipv6', protocol: 'TCP' },
  ] as const)('holds a phone on $family and $protocol, by Call-ID and until its end', async (settings) => {
    const registered = startPhone(network, { ...settings, callEvery: 0, everyMs: 1_000 });
    const { account } = settings;
    const { contacts, time } = await sensor.knows('contacts', (fact) =>
      fact.contacts.some((contact) => contact.account === account),
    );
    await registered.stop();
    const [contact] = contacts.filter((each) => each.account === account);
    const [login] = await asterisk.securityLog({ event: 'SuccessfulAuth', account });
    expect(contact?.callId).toBe(login?.callId);
    expect(contact?.until).toBeGreaterThan(time);
    expect(contact?.until).toBeLessThanOrEqual(time + 61_000);
  });

  test.each(['ipv4', 'ipv6'] as const)(
    'holds an answered call over %s, with its true address, until it ends',
    async (family) => {
      const calling = startPhone(network, { family, callEvery: 1, everyMs: 60_000, talkMs: 2_000 });
      const { calls } = await sensor.knows('calls', (fact) => fact.calls.length > 0);
      expect(calls).toMatchObject([{ endpoint: '100', peer: { address: phone[family], port: 5_060 } }]);
      await sensor.knows('calls', (fact) => fact.calls.length === 0);
      await calling.stop();
    },
  );

  test('holds the call of a trunk that is known by its address', async () => {
    const calling = startPhone(network, { host: 'trunk', callEvery: 1, everyMs: 60_000, talkMs: 2_000 });
    const { calls } = await sensor.knows('calls', (fact) => fact.calls.length > 0);
    expect(calls).toMatchObject([{ endpoint: 'trunk', peer: { address: trunk.ipv4 } }]);
    await sensor.knows('calls', (fact) => fact.calls.length === 0);
    await calling.stop();
  });

  test('holds no call of a guest, whatever he writes into the events about it', async () => {
    const restarts = sensor.facts('restart').length;
    const forged = (text: string) => `x${encodeURIComponent(`\r\n\r\n${text}`)}`;
    const statuses = [
      await callAs(network, 'guest'),
      await callAs(network, forged('Event: Newstate\r\nChannel: PJSIP/100-00000000\r\nChannelState: 6')),
      await callAs(network, forged('Event: FullyBooted\r\nX: y')),
      await callAs(network, forged('Event: ChallengeResponseFailed\r\nPrivilege: security,all')),
    ];
    expect(statuses).toEqual([200, 200, 200, 200]);
    const calling = startPhone(network, { callEvery: 1, everyMs: 60_000, talkMs: 2_000 });
    const { calls } = await sensor.knows('calls', (fact) => fact.calls.length > 0);
    await calling.stop();
    expect(peers(calls)).toEqual([phone.ipv4]);
    expect(sensor.facts('restart')).toHaveLength(restarts);
    await asterisk.cli('channel request hangup all');
    await sensor.knows('calls', (fact) => fact.calls.length === 0);
  });

  test('takes no address from a registration, whatever its Contact and its Via name', async () => {
    const poison = '203.0.113.99';
    const contacts = [
      { contact: `<sip:102@${trunk.ipv4}:5060>`, at: `${trunk.ipv4}:5060` },
      { contact: `<sip:102@${poison}:5060>`, at: `${poison}:5060` },
      { contact: `<sip:102%40%400123456789abcdef0123456789abcdef@${poison}>`, at: `${poison}:5060` },
      {
        contact: `<sip:102@${poison};x=%0d%0aID%3a%20trunk%40%40723687388c14900f3caeb0dfa54d4677>`,
        at: poison,
      },
    ];
    for (const each of contacts) {
      const callId = `trunk@@723687388c14900f3caeb0dfa54d4677`;
      expect(await registerPoisoned(network, { account: '102', ...each, callId })).toBe(200);
    }
    await sensor.knows(
      'contacts',
      (fact) => fact.contacts.filter(({ account }) => account === '102').length === 4,
    );
    await reload();
    expect((await sensor.knows('trunks', () => true)).trunks).toEqual(known);
    expect(JSON.stringify(sensor.findings())).not.toContain(poison);
  });

  test('takes up a trunk that is added while Asterisk runs', async () => {
    await appendFile(join(asterisk.etc, 'pjsip.conf'), identify('added', '192.0.2.0/24,2001:db8:200::/48'));
    await reload();
    const { trunks } = await sensor.knows('trunks', (fact) => fact.trunks.length > known.length);
    expect(trunks).toEqual(expect.arrayContaining(known));
    expect(trunks.filter(({ endpoint }) => endpoint === 'added').map(({ network: net }) => net)).toEqual([
      '192.0.2.0/24',
      '2001:db8:200::/48',
    ]);
  });

  test('believes no network that is too wide, and says so', async () => {
    await appendFile(join(asterisk.etc, 'pjsip.conf'), identify('wide', '10.0.0.0/8,198.18.7.7'));
    await reload();
    const { trunks } = await sensor.knows('trunks', (fact) =>
      fact.trunks.some(({ endpoint }) => endpoint === 'wide'),
    );
    expect(trunks.filter(({ endpoint }) => endpoint === 'wide')).toEqual([
      { network: '198.18.7.7', endpoint: 'wide', because: 'identify' },
    ]);
    expect(sensor.findings()).toContainEqual({
      said: 'raised',
      code: 'SHIELD_TOO_WIDE',
      message: expect.stringContaining('10.0.0.0/8 of endpoint wide'),
    });
  });

  test('is read anew when Asterisk is started again', async () => {
    await asterisk.stop();
    const restarts = sensor.facts('restart').length;
    asterisk = await startPbx(network, identify('later', '198.51.100.44'));
    const { trunks } = await sensor.knows('trunks', (fact) =>
      fact.trunks.some(({ endpoint }) => endpoint === 'later'),
    );
    expect(trunks).toHaveLength(known.length + 1);
    expect(sensor.facts('restart').length).toBeGreaterThan(restarts);
    const { contacts } = await sensor.knows('contacts', (fact) => fact.contacts.length === 0);
    expect(contacts).toEqual([]);
  });

  test('hears of every stranger, whatever he calls himself', async () => {
    await probeAs(network, 'Event%3A%20TestEvent');
    await probeAs(network, 'Event%3A%20DeviceStateChange');
    const probed = () =>
      sensor
        .findings()
        .flatMap((finding) => (finding.said === 'observations' ? finding.observations : []))
        .map(({ source, ...seen }) => `${source.address} ${'account' in seen ? seen.account : ''}`);
    for (const name of ['TestEvent', 'DeviceStateChange']) {
      await waitFor(name, () => probed().includes(`${attacker.ipv4} Event: ${name}`));
    }
  });

  test('never held the password of an answer, nor the address of the PBX', () => {
    expect(JSON.stringify(sensor.findings())).not.toMatch(/pw10\d/);
    const held = sensor.facts('trunks').flatMap(({ trunks }) => trunks.map(({ network: net }) => net));
    expect(held).not.toContain(pbx.ipv4);
  });
});
