import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AmiActions } from '../../src/asterisk/ami-actions.ts';
import type { AmiAnswer } from '../../src/asterisk/ami-answer.ts';
import { readEndpoints } from '../../src/asterisk/endpoints.ts';
import { parseIdentifyMatch } from '../../src/asterisk/identify-match.ts';
import { readOutboundRegistrations, readRegisteredContacts } from '../../src/asterisk/registrations.ts';
import { knownTrunks, trunkPlaces } from '../../src/asterisk/trunks.ts';
import { parseNetwork, prefixLength } from '../../src/model/address.ts';
import { type Action, startAmiServer } from './ami-server.ts';
import { connectActions } from './connect-actions.ts';
import { listOf, recordedAnswer } from './pbx-script.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function ask(answer: (action: Action) => readonly string[] | undefined | 'silence') {
  const server = await startAmiServer({
    users: { actor: 'secret-of-actor' },
    answer: (action) => (action.action?.startsWith('PJSIP') ? answer(action) : undefined),
  });
  cleanups.push(server.close);
  const actions = await connectActions(server.port);
  cleanups.push(actions.close);
  return { actions, server };
}

const recorded =
  (files: Readonly<Record<string, string>>) =>
  (action: Action): readonly string[] | undefined => {
    const name = action.action === 'PJSIPShowEndpoint' ? (action.endpoint ?? '') : (action.action ?? '');
    const file = files[name];
    return file === undefined ? undefined : recordedAnswer(file, action);
  };

describe('the endpoints', () => {
  test('are read as Asterisk 22 lists them, one by one', async () => {
    const details = recorded({ 100: 'PJSIPShowEndpoint-100.txt', trunk1: 'PJSIPShowEndpoint-trunk1.txt' });
    const { actions } = await ask((action) =>
      action.action === 'PJSIPShowEndpoints'
        ? listOf(action.actionid ?? '', 'EndpointList', [{ ObjectName: '100' }, { ObjectName: 'trunk1' }])
        : details(action),
    );
    expect([...(await readEndpoints(actions)).values()]).toEqual([
      { name: '100', authenticates: true, matches: [], staticContacts: [] },
      {
        name: 'trunk1',
        authenticates: false,
        matches: ['10.77.0.20/255.255.255.255,10.78.0.0/255.255.255.0'],
        staticContacts: ['sip:10.77.0.20:5060'],
      },
    ]);
  });

  test.each([
    ['PJSIPShowEndpoint-wide.txt', ['10.0.0.0/8', '2001:db8:77::/48', '192.0.2.7']],
    ['asterisk16-PJSIPShowEndpoint-wide.txt', ['10.0.0.0/8', '2001:db8:77::/48', '127.0.0.1']],
  ])('are identified by the networks in %s', async (file, networks) => {
    const list = file.replace('Endpoint-wide', 'Endpoints');
    const { actions } = await ask(recorded({ PJSIPShowEndpoints: list, wide: file }));
    const rows = await actions.list('PJSIPShowEndpoint', { Endpoint: 'wide' });
    const matches = rows.flatMap(({ match }) => match ?? []);
    expect(matches.flatMap((match) => parseIdentifyMatch(match).networks)).toEqual(networks);
    const names = (await actions.list('PJSIPShowEndpoints')).map(({ objectname }) => objectname);
    expect(names.toSorted()).toEqual(['100', '1005', '101', '102', 'anonymous', 'trunk', 'wide']);
  });

  test('take no address from what a phone wrote into its registrations', async () => {
    const details = recorded({ 100: 'PJSIPShowEndpoint-poisoned.txt' });
    const { actions } = await ask((action) =>
      action.action === 'PJSIPShowEndpoints'
        ? listOf(action.actionid ?? '', 'EndpointList', [{ ObjectName: '100' }])
        : details(action),
    );
    const endpoints = await readEndpoints(actions);
    expect([...endpoints.values()]).toEqual([
      { name: '100', authenticates: true, matches: [], staticContacts: [] },
    ]);
  });

  test.each(['100;@0123456789abcdef0123456789abcdef', 'x@@0123;@0123456789abcdef0123456789abcdef', '@@'])(
    'take the contact %s for none of the configuration',
    async (id) => {
      const { actions } = await ask(({ action, actionid = '' }) =>
        action === 'PJSIPShowEndpoints'
          ? listOf(actionid, 'EndpointList', [{ ObjectName: '100' }])
          : listOf(actionid, 'EndpointDetail', [
              { ObjectName: '100' },
              { event: 'ContactStatusDetail', URI: 'sip:192.0.2.66', ID: id },
            ]),
      );
      expect((await readEndpoints(actions)).get('100')?.staticContacts).toEqual([]);
    },
  );

  test('take a contact whose header comes twice for none of the configuration', async () => {
    const twice = 'ID: 100@@0123456789abcdef0123456789abcdef';
    const { actions } = await ask(({ action, actionid = '' }) =>
      action === 'PJSIPShowEndpoints'
        ? listOf(actionid, 'EndpointList', [{ ObjectName: '100' }])
        : listOf(actionid, 'EndpointDetail', [
            { ObjectName: '100' },
            { event: 'ContactStatusDetail', URI: `sip:192.0.2.66\r\n${twice}`, ID: '100;@0123' },
          ]),
    );
    expect((await readEndpoints(actions)).get('100')?.staticContacts).toEqual([]);
  });

  test('are without the one that went between two questions', async () => {
    const { actions } = await ask(({ action, actionid = '' }) =>
      action === 'PJSIPShowEndpoints'
        ? listOf(actionid, 'EndpointList', [{ ObjectName: 'gone' }])
        : ['Response: Error', 'Message: Unable to retrieve endpoint gone'],
    );
    expect((await readEndpoints(actions)).size).toBe(0);
  });

  test.each([
    ['PJSIPShowEndpoints', 'AMI_LIST_INCOMPLETE'],
    ['PJSIPShowEndpoint', 'AMI_ANSWER_INCOMPLETE'],
  ])('are not known at all where %s is not whole', async (which, code) => {
    const { actions } = await ask(({ action, actionid = '' }) => {
      if (action === 'PJSIPShowEndpoints') {
        return listOf(actionid, 'EndpointList', [{ ObjectName: '100' }], which === action ? 2 : 1);
      }
      return listOf(actionid, 'EndpointDetail', []);
    });
    await expect(readEndpoints(actions)).rejects.toMatchObject({ code });
  });

  test('are asked for sixteen at a time, five thousand of them', async () => {
    let open = 0;
    let most = 0;
    const names = Array.from({ length: 5_000 }, (_, index) => String(10_000 + index));
    const actions = {
      async list(action: string, headers: Readonly<Record<string, string>> = {}) {
        if (action === 'PJSIPShowEndpoints') {
          return names.map((objectname) => ({ event: 'EndpointList', objectname }));
        }
        open += 1;
        most = Math.max(most, open);
        await new Promise((resolve) => setImmediate(resolve));
        open -= 1;
        return [{ event: 'EndpointDetail', objectname: headers.Endpoint ?? '', auth: 'x' }];
      },
    } as unknown as AmiActions;
    expect((await readEndpoints(actions)).size).toBe(5_000);
    expect(most).toBe(16);
  });
});

describe('registrations', () => {
  test('of ours are read without the password beside them', async () => {
    const file = 'PJSIPShowRegistrationsOutbound.txt';
    const { actions } = await ask(recorded({ PJSIPShowRegistrationsOutbound: file }));
    const read = await readOutboundRegistrations(actions);
    expect(read).toEqual([{ serverUri: 'sip:10.77.0.20', endpoint: 'trunk1' }]);
  });

  test('with us are read by Call-ID, with their end in milliseconds', async () => {
    const file = 'PJSIPShowRegistrationInboundContactStatuses.txt';
    const { actions } = await ask(recorded({ PJSIPShowRegistrationInboundContactStatuses: file }));
    const contacts = await readRegisteredContacts(actions);
    expect(contacts).toHaveLength(7);
    expect(contacts[0]).toEqual({
      id: '100;@508975ce17047efc5cd70f603bed74cc',
      callId: '081f76e5034672c7',
      account: '100',
      until: 1_795_397_143_000,
    });
  });

  test('with us hold no address, whatever a phone wrote', async () => {
    const file = 'PJSIPShowRegistrationInboundContactStatuses-poisoned.txt';
    const { actions } = await ask(recorded({ PJSIPShowRegistrationInboundContactStatuses: file }));
    const contacts = await readRegisteredContacts(actions);
    expect(contacts).toHaveLength(16);
    expect(new Set(contacts.map(({ account }) => account))).toEqual(new Set(['100']));
    expect(JSON.stringify(contacts)).not.toMatch(/198\.51\.100\.|2001:db8/);
  });

  test('have a Call-ID that can be compared with that of an event', async () => {
    const { actions } = await ask(({ actionid = '' }) =>
      listOf(actionid, 'ContactStatusDetail', [
        { AOR: '100', RegExpire: '1', CallID: 'x'.repeat(500), ID: '100;@0123' },
        { AOR: '100', RegExpire: '1', CallID: '', ID: '100;@0124' },
        { AOR: '100', RegExpire: 'soon', CallID: 'y', ID: '100;@0125' },
        { AOR: 'trunk', RegExpire: '0', CallID: 'z', ID: 'trunk@@0123456789abcdef0123456789abcdef' },
      ]),
    );
    expect(await readRegisteredContacts(actions)).toEqual([
      { id: '100;@0123', callId: 'x'.repeat(128), account: '100', until: 1_000 },
    ]);
  });
});

test('whatever the answers hold, every trunk is a canonical network of somebody, and narrow', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom(
      '100',
      'sip:198.51.100.1',
      'sip:[::1]',
      '0.0.0.0/0',
      '::/0',
      'a@@0123456789abcdef0123456789abcdef',
    ),
    fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 33 })).map((pair) => pair.join('/')),
    fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 129 })).map((pair) => pair.join('/')),
    fc
      .tuple(fc.constantFrom('sip:', 'sips:u@'), fc.oneof(fc.ipV4(), fc.domain()))
      .map((pair) => pair.join('')),
  );
  const row = fc.record(
    {
      event: fc.constantFrom(
        ...['EndpointList', 'EndpointDetail', 'IdentifyDetail', 'ContactStatusDetail'],
        ...['OutboundRegistrationDetail', 'AuthDetail', ''],
      ),
      objectname: fc.constantFrom('100', 'a\nb', ''),
      auth: text,
      match: text,
      id: text,
      uri: text,
      serveruri: text,
      endpoint: text,
      aor: text,
      callid: text,
      regexpire: text,
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(row), fc.array(fc.array(row)), async (rows, details) => {
      let next = 0;
      const actions = {
        list: async (name: string) =>
          name === 'PJSIPShowEndpoint' ? (details[next++] ?? []) : (rows as readonly AmiAnswer[]),
      } as unknown as AmiActions;
      const endpoints = await readEndpoints(actions).catch(() => new Map());
      await readRegisteredContacts(actions);
      const { places, servers } = trunkPlaces(endpoints.values(), await readOutboundRegistrations(actions));
      for (const { host } of servers) expect(host).toMatch(/^[\w.-]{1,253}$/);
      for (const { network } of knownTrunks(places, () => ['192.0.2.1', '2001:db8::1']).trunks) {
        expect(parseNetwork(network)).toBe(network);
        expect(prefixLength(network)).toBeGreaterThanOrEqual(network.includes(':') ? 32 : 16);
        expect(network).not.toMatch(/^(127\.|0\.0\.0\.0|::1?$|22[4-9]\.|23\d\.|ff)/);
      }
    }),
  );
});
