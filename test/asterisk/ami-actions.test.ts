import { afterEach, describe, expect, test } from '@jest/globals';
import { type AmiActions, createAmiActions } from '../../src/asterisk/ami-actions.ts';
import type { AmiTiming } from '../../src/asterisk/ami-login.ts';
import { readVersion } from '../../src/asterisk/pbx-facts.ts';
import { waitFor } from '../wait-for.ts';
import { type AmiServer, type AmiServerScript, quickTiming, startAmiServer } from './ami-server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(answer?: AmiServerScript['answer']): Promise<AmiServer> {
  const server = await startAmiServer({ users: { actor: 'secret-of-actor' }, ...(answer && { answer }) });
  cleanups.push(server.close);
  return server;
}

function connect(
  port: number,
  timing: Partial<AmiTiming> = {},
  secret = 'secret-of-actor',
  timeoutMs = 5_000,
) {
  const actions = createAmiActions({
    login: { host: '127.0.0.1', port, user: 'actor', secret: () => secret },
    timing: { ...quickTiming, ...timing },
    timeoutMs,
  });
  cleanups.push(actions.close);
  return actions;
}

const becomes = (actions: AmiActions, state: string) =>
  waitFor(`the action login is ${state}`, () => actions.state().state === state);

describe('the actions login', () => {
  test('logs in without asking for events, and answers an action', async () => {
    const server = await serve(({ action }) =>
      action === 'CoreSettings' ? ['Response: Success', 'AsteriskVersion: 22.10.1'] : undefined,
    );
    const actions = connect(server.port);
    await becomes(actions, 'live');
    expect(await actions.action('CoreSettings')).toMatchObject({
      response: 'Success',
      asteriskversion: '22.10.1',
    });
    expect(server.actions[0]).toMatchObject({ action: 'login', event: 'off' });
  });

  test('gives a refusal as an answer', async () => {
    const server = await serve(() => undefined);
    const actions = connect(server.port);
    await becomes(actions, 'live');
    expect(await actions.action('Nonsense')).toMatchObject({ response: 'Error' });
  });

  test('takes line breaks out of values, so that a value never becomes a header or an action', async () => {
    const server = await serve(() => undefined);
    const actions = connect(server.port);
    await becomes(actions, 'live');
    await actions.action('DBPut', { Family: 'a', Val: 'x\r\nAction: Originate\r\n\r\ny\0' });
    expect(server.actions.at(-1)).toMatchObject({ action: 'DBPut', val: 'xAction: Originatey' });
    expect(server.actions.filter(({ action }) => action === 'Originate')).toEqual([]);
  });

  test('sends nothing that Asterisk would not take', async () => {
    const server = await serve(() => undefined);
    const actions = connect(server.port);
    await becomes(actions, 'live');
    await expect(actions.action('DBPut', { Val: 'é'.repeat(500) })).rejects.toMatchObject({
      code: 'AMI_VALUE_TOO_LONG',
    });
    expect(server.actions.some(({ action }) => action === 'DBPut')).toBe(false);
  });

  test('uses ActionIDs that nobody can guess', async () => {
    const server = await serve(() => undefined);
    const actions = connect(server.port);
    await becomes(actions, 'live');
    await Promise.all([actions.action('Ping'), actions.action('Ping')]);
    const ids = server.actions.slice(1).map(({ actionid }) => actionid);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  test('gives an unanswered action up in time', async () => {
    const server = await serve(({ action }) => (action === 'Reload' ? 'silence' : undefined));
    const actions = connect(server.port, {}, 'secret-of-actor', 30);
    await becomes(actions, 'live');
    await expect(actions.action('Reload')).rejects.toMatchObject({ code: 'AMI_TIMEOUT' });
  });

  test('gives up what waits when the connection is lost, and connects again', async () => {
    const server = await serve(({ action }) => (action === 'Reload' ? 'silence' : undefined));
    const actions = connect(server.port);
    await becomes(actions, 'live');
    const reload = actions.action('Reload');
    await waitFor('the server got it', () => server.actions.some(({ action }) => action === 'Reload'));
    server.dropAll();
    await expect(reload).rejects.toMatchObject({ code: 'AMI_CONNECTION_LOST' });
    await becomes(actions, 'live');
    expect(server.connections()).toBe(2);
  });

  test('gives a connection up that does not answer a ping', async () => {
    const server = await serve(({ action }, connection) =>
      action === 'Ping' && connection === 1 ? 'silence' : undefined,
    );
    const actions = connect(server.port, { pingEveryMs: 20 });
    await waitFor('a second connection', () => server.connections() === 2);
    await becomes(actions, 'live');
  });

  test('says that a wrong secret is refused, and is not tried again in haste', async () => {
    const server = await serve();
    const actions = connect(server.port, {}, 'wrong-secret');
    await becomes(actions, 'refused');
    expect(server.connections()).toBe(1);
    await expect(actions.action('Ping')).rejects.toMatchObject({
      code: 'AMI_NOT_CONNECTED',
      message: expect.stringContaining('refused the login of actor'),
    });
  });

  test('takes silence at the login for a loss', async () => {
    const server = await serve(() => 'silence');
    const actions = connect(server.port, { loginMs: 30, reconnectLeastMs: 60_000, reconnectMostMs: 60_000 });
    await becomes(actions, 'down');
    expect(actions.state().detail).toMatch(/no answer/);
  });
});

describe('a list', () => {
  const ending = (actionId: string, count: number) =>
    `Event: ContactListComplete\r\nActionID: ${actionId}\r\nEventList: Complete\r\nListItems: ${count}`;
  const contacts = (count: number) => (actionId: string) => {
    const items = Array.from(
      { length: count },
      (_, index) => `Event: ContactList\r\nActionID: ${actionId}\r\nEndpoint: ${index}`,
    );
    const rows = items.flatMap((item) => [item, '']);
    return ['Response: Success', 'EventList: start', '', ...rows, ending(actionId, count)];
  };

  test("collects its events up to the last, and nobody else's", async () => {
    const server = await serve(({ action, actionid = '' }) =>
      action === 'PJSIPShowContacts'
        ? [
            ...contacts(3)(actionid).slice(0, 3),
            'Event: ContactList',
            'ActionID: other',
            '',
            ...contacts(3)(actionid).slice(3),
          ]
        : undefined,
    );
    const actions = connect(server.port);
    await becomes(actions, 'live');
    const items = await actions.list('PJSIPShowContacts');
    expect(items.map(({ endpoint }) => endpoint)).toEqual(['0', '1', '2']);
  });

  test('is empty where Asterisk found nothing', async () => {
    const server = await serve(({ action }) =>
      action === 'PJSIPShowContacts' ? ['Response: Error', 'Message: No Contacts found'] : undefined,
    );
    const actions = connect(server.port);
    await becomes(actions, 'live');
    expect(await actions.list('PJSIPShowContacts')).toEqual([]);
  });

  test('is refused where Asterisk refuses it', async () => {
    const server = await serve(({ action }) =>
      action === 'PJSIPShowContacts' ? ['Response: Error', 'Message: Permission denied'] : undefined,
    );
    const actions = connect(server.port);
    await becomes(actions, 'live');
    await expect(actions.list('PJSIPShowContacts')).rejects.toMatchObject({ code: 'AMI_ACTION_REFUSED' });
  });

  test('that holds fewer events than it says is refused', async () => {
    const server = await serve(({ action, actionid = '' }) =>
      action === 'PJSIPShowContacts' ? contacts(3)(actionid).with(-1, ending(actionid, 4)) : undefined,
    );
    const actions = connect(server.port);
    await becomes(actions, 'live');
    await expect(actions.list('PJSIPShowContacts')).rejects.toMatchObject({ code: 'AMI_LIST_INCOMPLETE' });
  });

  test.each(['close', 'error', 'end', 'connect', 'rawevent', 'managerevent', 'response'])(
    'is not disturbed by text in it that becomes an event %s',
    async (name) => {
      const forged = ['', `Event: ${name}`, 'Message: x', '', `Response: Error`, `ActionID: ${name}`, ''];
      const server = await serve(({ action, actionid = '' }) =>
        action === 'PJSIPShowContacts' ? contacts(2)(actionid).toSpliced(6, 0, ...forged) : undefined,
      );
      const actions = connect(server.port);
      await becomes(actions, 'live');
      expect(await actions.list('PJSIPShowContacts')).toHaveLength(2);
      expect(await actions.list('PJSIPShowContacts')).toHaveLength(2);
      expect(server.connections()).toBe(1);
    },
  );

  test('is not what the version of Asterisk is read from', async () => {
    const server = await serve(({ action }) =>
      action === 'CoreSettings' ? ['Response: Success', 'AsteriskVersion: 22.10.1+dfsg ~cs6'] : undefined,
    );
    const actions = connect(server.port);
    await becomes(actions, 'live');
    expect(await readVersion(actions)).toBe('22.10.1+dfsg');
  });
});
