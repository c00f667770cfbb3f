// UserEvents and the lists of the command line, over a real connection to a server that speaks AMI.
import { afterEach, expect, test } from '@jest/globals';
import { createConsoleLists } from '../../src/asterisk/console-lists.ts';
import { createPublisher } from '../../src/asterisk/publisher.ts';
import type { Decision } from '../../src/model/decision.ts';
import { waitFor } from '../wait-for.ts';
import { type AmiServerScript, startAmiServer } from './ami-server.ts';
import { connectActions } from './connect-actions.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const success: NonNullable<AmiServerScript['answer']> = ({ action = '' }) =>
  /^(userevent|db\w+)$/i.test(action) ? ['Response: Success'] : undefined;

async function pbx(answer = success) {
  const server = await startAmiServer({ users: { actor: 'secret-of-actor' }, answer });
  const actions = await connectActions(server.port);
  closing.push(() => server.close(), actions.close);
  const asked = (name: string) => server.actions.filter(({ action }) => action?.toLowerCase() === name);
  return { server, actions, asked };
}

const event = (name: string) => () => ({ name, headers: { Address: '203.0.113.9' } });
const ban = (target: string, some: Partial<Decision> = {}) =>
  ({
    kind: 'decided',
    decision: {
      id: target,
      time: 0,
      target,
      action: 'ban',
      cause: { kind: 'detection', attack: 'canary', proof: 'proven' },
      reason: '',
      offence: 1,
      enforced: true,
      ...some,
    },
  }) as const;

test('what is published before Asterisk is there is sent when it is, in order', async () => {
  const publisher = createPublisher();
  publisher.publish(event('SipwardenBan'));
  publisher.publish(event('SipwardenUnban'));
  const { actions, asked } = await pbx();
  publisher.connect(actions);
  await waitFor('both came', () => publisher.counters().published === 2);
  expect(asked('userevent').map(({ userevent, address }) => `${userevent} ${address}`)).toEqual([
    'SipwardenBan 203.0.113.9',
    'SipwardenUnban 203.0.113.9',
  ]);
});

test('of more than a thousand that wait the oldest are lost, and counted', async () => {
  const publisher = createPublisher();
  const { actions, asked } = await pbx();
  publisher.connect(actions);
  publisher.connect(undefined);
  for (let index = 0; index < 1_500; index += 1) publisher.publish(event(`E${index}`));
  expect(publisher.counters()).toEqual({ published: 0, unpublished: 500 });
  publisher.connect(actions);
  await waitFor('all came', () => publisher.counters().published === 1_000);
  expect(asked('userevent')[0]?.userevent).toBe('E500');
});

test('where Asterisk never was there nothing counts as lost', () => {
  const publisher = createPublisher();
  for (let index = 0; index < 1_500; index += 1) publisher.publish(event(`E${index}`));
  expect(publisher.counters().unpublished).toBe(0);
});

test('what Asterisk refuses is counted, and does not stop the rest', async () => {
  const publisher = createPublisher();
  const { actions } = await pbx(({ userevent }) =>
    userevent === undefined
      ? undefined
      : [userevent === 'bad' ? 'Response: Error' : 'Response: Success', 'Message: x'],
  );
  publisher.connect(actions);
  publisher.publish(event('bad'));
  publisher.publish(event('good'));
  await waitFor('both were tried', () => publisher.counters().published === 1);
  expect(publisher.counters()).toEqual({ published: 1, unpublished: 1 });
});

function lists(start = 0) {
  let clock = start;
  const console = createConsoleLists(() => clock);
  closing.push(console.stop);
  const pass = (ms: number) => {
    clock += ms;
  };
  return { console, pass };
}

test('the lists are written anew when Asterisk is there, and what stood there before is gone', async () => {
  const { console } = lists();
  console.tell(ban('203.0.113.9', { until: 3_600_000 }));
  const { actions, asked, server } = await pbx();
  console.connect(actions);
  await waitFor('it is written', () => asked('dbput').length === 1);
  const words = server.actions.filter(({ action }) => action?.startsWith('DB'));
  expect(words.map(({ action, key, val }) => [action, key, val].filter(Boolean).join(' '))).toEqual([
    'DBDelTree ban',
    'DBDelTree attack',
    'DBPut ban/203.0.113.9 ban until 1970-01-01T01:00:00.000Z: canary (proven)',
  ]);
});

test('afterwards only what changed is written', async () => {
  const { console } = lists();
  const { actions, asked } = await pbx();
  console.connect(actions);
  console.tell(ban('203.0.113.9'));
  await waitFor('it is written', () => asked('dbput').length === 1);
  console.tell(ban('203.0.113.9'));
  console.tell(ban('203.0.113.10'));
  console.tell({ kind: 'unblocked', time: 0, target: '203.0.113.9', places: [], isWhole: true, by: 'anna' });
  await waitFor('the rest is written', () => asked('dbdel').length === 1);
  expect(asked('dbput').map(({ key }) => key)).toEqual(['ban/203.0.113.9', 'ban/203.0.113.10']);
  expect(asked('dbdel').map(({ key }) => key)).toEqual(['ban/203.0.113.9']);
});

test('a flood of forged sources pushes no ban out, and no more than 1,200 are listed', async () => {
  const { console } = lists();
  for (let index = 0; index < 1_500; index += 1) console.tell(ban(`10.0.${index >> 8}.${index & 255}`));
  for (let index = 0; index < 5_000; index += 1)
    console.tell(ban(`10.1.${index >> 8}.${index & 255}`, { action: 'drop' }));
  const { actions, asked } = await pbx();
  console.connect(actions);
  await waitFor('all are written', () => asked('dbput').length >= 1_200);
  const keys = asked('dbput').map(({ key = '' }) => key);
  expect([keys.length, keys[0], keys.at(-1)]).toEqual([1_200, 'ban/10.0.1.244', 'ban/10.1.19.135']);
});

test('what leaves the list before it was written is never written', async () => {
  const { console } = lists();
  const { actions, asked } = await pbx();
  console.connect(actions);
  console.tell(ban('203.0.113.9'));
  console.tell({ kind: 'unblocked', time: 0, target: '203.0.113.9', places: [], isWhole: true, by: 'anna' });
  console.tell(ban('203.0.113.10'));
  await waitFor('it is written', () => asked('dbput').length > 0);
  expect([asked('dbput').map(({ key }) => key), asked('dbdel')]).toEqual([['ban/203.0.113.10'], []]);
});

test('the lists are written anew after Asterisk was away', async () => {
  const { console } = lists();
  const { actions, asked } = await pbx();
  console.tell(ban('203.0.113.9'));
  console.connect(actions);
  await waitFor('it is written', () => asked('dbput').length === 1);
  console.connect(undefined);
  console.tell({ kind: 'unblocked', time: 0, target: '203.0.113.9', places: [], isWhole: true, by: 'anna' });
  console.tell(ban('203.0.113.10'));
  console.connect(actions);
  await waitFor('it is written anew', () => asked('dbput').length === 2);
  expect(asked('dbdeltree')).toHaveLength(4);
  expect(asked('dbput')[1]?.key).toBe('ban/203.0.113.10');
});

test('a ban that runs out leaves the list by itself', async () => {
  const { console, pass } = lists();
  const { actions, asked } = await pbx();
  console.connect(actions);
  console.tell(ban('203.0.113.9', { until: 1_500 }));
  await waitFor('it is written', () => asked('dbput').length === 1);
  pass(2_000);
  await waitFor('it is gone', () => asked('dbdel').length === 1);
});
