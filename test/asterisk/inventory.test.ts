import { afterEach, describe, expect, test } from '@jest/globals';
import type { Dns } from '../../src/asterisk/host-lookup.ts';
import { createInventory, type InventoryTiming } from '../../src/asterisk/inventory.ts';
import { createRepeatedRead } from '../../src/asterisk/repeated-read.ts';
import type { InventoryFact } from '../../src/model/inventory.ts';
import { waitFor } from '../wait-for.ts';
import { type Action, startAmiServer } from './ami-server.ts';
import { connectActions } from './connect-actions.ts';
import { quickInventory } from './inventory-timing.ts';
import { nobodyExpelled } from './nobody-expelled.ts';
import { listOf, scriptPbx } from './pbx-script.ts';

type FactOf<Kind extends InventoryFact['kind']> = Extract<InventoryFact, { readonly kind: Kind }>;

const time = 1_795_000_000_000;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function take(timing: Partial<InventoryTiming> = {}, hosts: Record<string, string[]> = {}) {
  const pbx = scriptPbx();
  pbx.endpoints.set('100', { auth: '100' });
  pbx.endpoints.set('trunk', {
    match: ['198.51.100.20/255.255.255.255'],
    staticContacts: ['sip:198.51.100.21:5060'],
  });
  pbx.registrations = [{ server: 'sip:198.51.100.22', endpoint: 'trunk' }];
  pbx.contacts = [{ account: '100', callId: 'call-1', seconds: time / 1_000 + 60 }];
  const server = await startAmiServer({ users: { actor: 'secret-of-actor' }, answer: pbx.answer });
  cleanups.push(server.close);
  const actions = await connectActions(server.port, 200);
  cleanups.push(actions.close);
  const facts: InventoryFact[] = [];
  const active = new Map<string, string>();
  const asked = new Set<string>();
  const resolve4 = async (host: string) => {
    asked.add(host);
    const found = hosts[host];
    if (!found) throw Object.assign(new Error('timeout'), { code: 'ETIMEOUT' });
    return found;
  };
  const none = async () => [];
  const dns: Dns = { resolve4, resolve6: none, resolveSrv: none, lookup: none };
  const clock = { time };
  const inventory = createInventory({
    actions,
    know: (fact) => void facts.push(fact),
    expelled: nobodyExpelled,
    alarms: {
      raise: (code, message, hint) => void active.set(code, `${message} | ${hint}`),
      clear: (code) => void active.delete(code),
    },
    now: () => clock.time,
    timing: { ...quickInventory, ...timing },
    makeDns: () => dns,
  });
  cleanups.push(inventory.close);
  const latest = <Kind extends InventoryFact['kind']>(kind: Kind) =>
    facts.findLast((fact): fact is FactOf<Kind> => fact.kind === kind);
  const networks = () => latest('trunks')?.trunks.map(({ network }) => network);
  return {
    ...{ pbx, server, inventory, facts, active, clock, asked, latest, networks },
    callIds: () => latest('contacts')?.contacts.map(({ callId }) => callId),
    becomes: (wanted: readonly string[]) =>
      waitFor(`the trunks are ${wanted.join(', ')}`, () => networks()?.join() === wanted.join()),
    count: (name: string) => server.actions.filter(({ action }) => action === name).length,
  };
}

const short = ({ actionid = '' }: Action) => listOf(actionid, 'EndpointDetail', [{ ObjectName: '100' }], 2);
const ours = ['198.51.100.20', '198.51.100.21', '198.51.100.22'];

describe('the inventory', () => {
  test('tells a restart, the trunks, the registered contacts and the live calls', async () => {
    const { pbx, inventory, facts, becomes, latest } = await take();
    pbx.channels.set('PJSIP/100-00000001', {
      ...{ state: 'Up', requestUri: 'sip:600@192.0.2.1', remote: '198.51.100.10:5060' },
    });
    inventory.changed({ kind: 'booted' });
    await becomes(ours);
    await waitFor('all kinds', () => latest('contacts') && latest('calls'));
    expect(facts[0]).toEqual({ kind: 'restart', time });
    expect(latest('trunks')).toEqual({
      kind: 'trunks',
      time,
      trunks: [
        { network: '198.51.100.20', endpoint: 'trunk', because: 'identify' },
        { network: '198.51.100.21', endpoint: 'trunk', because: 'static-contact' },
        { network: '198.51.100.22', endpoint: 'trunk', because: 'outbound-registration' },
      ],
    });
    expect(latest('contacts')?.contacts).toMatchObject([
      { callId: 'call-1', account: '100', until: time + 60_000 },
    ]);
    expect(latest('calls')?.calls).toMatchObject([{ endpoint: '100', channel: 'PJSIP/100-00000001' }]);
    expect(inventory.facts()).toEqual({ version: '22.10.1', registeredContacts: 1 });
  });

  test('asks nothing while Asterisk boots: its lists are not whole then', async () => {
    const { inventory, server, becomes } = await take();
    const before = server.actions.length;
    inventory.changed({ kind: 'booted' });
    inventory.unheard();
    inventory.readAll();
    for (const kind of ['contacts', 'trunks'] as const) inventory.changed({ kind });
    inventory.changed({ kind: 'call', channel: 'PJSIP/100-00000001' });
    const { promise, resolve } = Promise.withResolvers<void>();
    createRepeatedRead(async () => resolve(), quickInventory.trunks).request();
    await promise;
    expect(server.actions).toHaveLength(before);
    inventory.changed({ kind: 'booted' });
    await becomes(ours);
  });

  test('asks for nothing that did not change', async () => {
    const { inventory, server, becomes, latest, count } = await take();
    inventory.changed({ kind: 'booted' });
    await becomes(ours);
    await waitFor('all kinds', () => latest('contacts') && latest('calls'));
    inventory.changed({ kind: 'call', channel: 'PJSIP/100-00000001' });
    await waitFor('asked about the call', () => server.actions.at(-1)?.channel !== undefined);
    expect([
      count('PJSIPShowEndpoints'),
      count('PJSIPShowEndpoint'),
      count('PJSIPShowRegistrationsOutbound'),
      count('PJSIPShowRegistrationInboundContactStatuses'),
      count('CoreSettings'),
    ]).toEqual([1, 2, 1, 1, 1]);
  });

  test('reads the contacts again after an event, once for many', async () => {
    const { pbx, inventory, callIds, count } = await take();
    inventory.changed({ kind: 'booted' });
    await waitFor('the contacts', () => callIds()?.join() === 'call-1');
    pbx.contacts = [...pbx.contacts, { account: '101', callId: 'call-2', seconds: time / 1_000 + 60 }];
    for (let index = 0; index < 500; index += 1) inventory.changed({ kind: 'contacts' });
    await waitFor('the new contact', () => callIds()?.join() === 'call-1,call-2');
    expect(count('PJSIPShowRegistrationInboundContactStatuses')).toBeLessThanOrEqual(3);
  });

  test('reads the contacts again when one would be over, since no event tells that it was refreshed', async () => {
    const { pbx, inventory, latest } = await take();
    const seconds = Math.ceil(time / 1_000) + 2;
    pbx.contacts = [{ account: '100', callId: 'call-1', seconds }];
    inventory.changed({ kind: 'booted' });
    await waitFor('the contacts', () => latest('contacts')?.contacts[0]?.until === seconds * 1_000);
    pbx.contacts = [{ account: '100', callId: 'call-1', seconds: seconds + 3_600 }];
    const refreshed = (seconds + 3_600) * 1_000;
    await waitFor('its new end', () => latest('contacts')?.contacts[0]?.until === refreshed);
  });

  test('reads the trunks again after a reload', async () => {
    const { pbx, inventory, becomes } = await take();
    inventory.changed({ kind: 'booted' });
    await becomes(ours);
    pbx.endpoints.set('new', { match: ['203.0.113.0/255.255.255.0'] });
    pbx.registrations = [];
    inventory.changed({ kind: 'trunks' });
    await becomes(['198.51.100.20', '198.51.100.21', '203.0.113.0/24']);
  });

  test.each([
    ['PJSIPShowEndpoints', 'shorter than it says', short],
    ['PJSIPShowEndpoint', 'shorter than it says', short],
    ['PJSIPShowEndpoint', 'not answered', 'silence'],
    ['PJSIPShowRegistrationsOutbound', 'refused', ['Response: Error', 'Message: Permission denied']],
  ] as const)('hands on no trunks where %s is %s, and tries again', async (name, _how, otherwise) => {
    const { pbx, inventory, facts, becomes, count } = await take();
    pbx.otherwise.set(name, otherwise);
    inventory.changed({ kind: 'booted' });
    await waitFor('it was tried again', () => count('PJSIPShowEndpoints') > 2);
    expect(facts.some(({ kind }) => kind === 'trunks')).toBe(false);
    pbx.otherwise.clear();
    await becomes(ours);
  });

  test('keeps what it knows while a read fails', async () => {
    const { pbx, inventory, facts, becomes, count } = await take();
    inventory.changed({ kind: 'booted' });
    await becomes(ours);
    const told = facts.filter(({ kind }) => kind === 'trunks').length;
    pbx.otherwise.set('PJSIPShowEndpoints', ['Response: Error', 'Message: Permission denied']);
    inventory.changed({ kind: 'trunks' });
    await waitFor('it was tried', () => count('PJSIPShowEndpoints') > 3);
    expect(facts.filter(({ kind }) => kind === 'trunks')).toHaveLength(told);
  });

  test('raises an alarm for a network too wide to be believed, until it is narrower', async () => {
    const { pbx, inventory, active, becomes } = await take();
    pbx.endpoints.set('wide', { match: ['10.0.0.0/255.0.0.0,::/::'] });
    inventory.changed({ kind: 'booted' });
    await becomes(ours);
    expect(active.get('SHIELD_TOO_WIDE')).toMatch(
      /not believed.*10\.0\.0\.0\/8 of endpoint wide is too wide.* \| .*pjsip\.conf/,
    );
    pbx.endpoints.set('wide', { match: ['10.9.0.0/255.255.0.0'] });
    inventory.changed({ kind: 'trunks' });
    await becomes(['198.51.100.20', '198.51.100.21', '10.9.0.0/16', '198.51.100.22']);
    expect(active.size).toBe(0);
  });

  test('looks host names up, follows them, and keeps them while DNS fails', async () => {
    const hosts: Record<string, string[]> = { 'sip.provider.example': ['198.51.100.30'] };
    const hostNames = { everyMs: 5, unansweredEveryMs: 5, firstMs: 100 };
    const { pbx, inventory, becomes, asked } = await take({ hostNames }, hosts);
    pbx.registrations = [{ server: 'sip:sip.provider.example', endpoint: 'trunk' }];
    inventory.changed({ kind: 'booted' });
    await becomes(['198.51.100.20', '198.51.100.21', '198.51.100.30']);
    hosts['sip.provider.example'] = ['198.51.100.31'];
    await becomes(['198.51.100.20', '198.51.100.21', '198.51.100.31']);
    delete hosts['sip.provider.example'];
    asked.clear();
    await waitFor('asked again', () => asked.has('sip.provider.example'));
    inventory.changed({ kind: 'trunks' });
    await becomes(['198.51.100.20', '198.51.100.21', '198.51.100.31']);
  });

  test('never waits for DNS to tell what needs none', async () => {
    const { pbx, inventory, becomes } = await take({
      hostNames: { everyMs: 60_000, unansweredEveryMs: 60_000, firstMs: 10 },
    });
    pbx.registrations = [{ server: 'sip:dead.provider.example', endpoint: 'trunk' }];
    inventory.changed({ kind: 'booted' });
    await becomes(['198.51.100.20', '198.51.100.21']);
  });

  test('takes the calls of an endpoint up once that is known', async () => {
    const { pbx, inventory, becomes, latest } = await take();
    inventory.changed({ kind: 'booted' });
    await becomes(ours);
    await waitFor('no calls', () => latest('calls')?.calls.length === 0);
    pbx.endpoints.set('realtime', { auth: 'x' });
    pbx.channels.set('PJSIP/realtime-00000001', {
      ...{ state: 'Up', requestUri: 'sip:600@192.0.2.1', remote: '198.51.100.10:5060' },
    });
    inventory.changed({ kind: 'call', channel: 'PJSIP/realtime-00000001' });
    await waitFor('its call', () => latest('calls')?.calls[0]?.endpoint === 'realtime');
  });

  test('passes on no password of the answers', async () => {
    const { inventory, facts, active, becomes, latest } = await take();
    inventory.changed({ kind: 'booted' });
    await becomes(ours);
    await waitFor('all kinds', () => latest('contacts') && latest('calls'));
    expect(JSON.stringify([facts, ...active, inventory.facts()])).not.toContain('a-password-of-theirs');
  });

  test('says nothing once it is closed', async () => {
    const { pbx, inventory, facts, active, count } = await take();
    pbx.endpoints.set('wide', { match: ['10.0.0.0/8'] });
    inventory.changed({ kind: 'booted' });
    await waitFor('it reads', () => count('PJSIPShowEndpoint') > 0);
    inventory.close();
    const told = facts.length;
    await waitFor('its questions are answered', () => count('PJSIPShowRegistrationsOutbound') > 0);
    expect(facts).toHaveLength(told);
    expect(active.size).toBe(0);
  });
});
