import { afterEach, describe, expect, test } from '@jest/globals';
import { createExpeller } from '../../src/asterisk/expeller.ts';
import type { PbxAct } from '../../src/model/expulsion.ts';
import { waitFor } from '../wait-for.ts';
import type { Action } from './ami-server.ts';
import { startAmiServer } from './ami-server.ts';
import { connectActions } from './connect-actions.ts';
import { type ScriptedPbx, scriptPbx } from './pbx-script.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const offender = '203.0.113.66';
const channel = 'PJSIP/100-00000001';
const call = { state: 'Ring', requestUri: 'sip:600@192.0.2.1', remote: `${offender}:5062` };
const contact = { callId: 'rogue', account: '100', id: '100;@0123', until: 1_000_000 };

/** Puts out whoever calls from the offender's address, or registered under `rogue`, while `isAny`. */
async function start({ isAny = true } = {}) {
  const pbx: ScriptedPbx = scriptPbx();
  const told: Action[] = [];
  const server = await startAmiServer({
    users: { actor: 'secret-of-actor' },
    answer(action) {
      if (action.action !== 'Hangup' && action.action !== 'DBDel') return pbx.answer(action);
      told.push(action);
      pbx.channels.delete(action.channel ?? '');
      return pbx.otherwise.has(action.action)
        ? pbx.answer(action)
        : ['Response: Success', 'Message: It was done'];
    },
  });
  cleanups.push(server.close);
  const actions = await connectActions(server.port, 200);
  cleanups.push(actions.close);
  const acts: PbxAct[] = [];
  const alarms = new Map<string, string>();
  const expeller = createExpeller({
    actions,
    expelled: {
      isAny: () => isAny,
      caller: (address) => (address === offender ? { target: offender } : undefined),
      registrant: (callId) => (callId === 'rogue' ? { target: offender } : undefined),
      acted: (_expulsion, act) => void acts.push(act),
    },
    alarms: {
      raise: (code, message, hint) => void alarms.set(code, `${message} | ${hint}`),
      clear: (code) => void alarms.delete(code),
    },
    now: () => 1_000,
    timing: { quietMs: 1, restMostMs: 1, retryLeastMs: 5, retryMostMs: 10 },
  });
  cleanups.push(expeller.close);
  return { pbx, server, actions, told, acts, alarms, expeller };
}

describe('the calls of an offender', () => {
  test('are hung up before they are answered, by the address that Asterisk itself says', async () => {
    const { pbx, told, acts, expeller } = await start();
    pbx.channels.set(channel, call);
    expeller.heardOf(channel);
    await waitFor('it is hung up', () => acts.length > 0);
    expect(told).toMatchObject([{ action: 'Hangup', channel, cause: '21' }]);
    expect(acts).toEqual([{ time: 1_000, kind: 'hang-up', subject: channel }]);
  });

  test('are found among all, and those of others go on', async () => {
    const { pbx, told, acts, expeller } = await start();
    pbx.channels.set('PJSIP/101-00000007', { ...call, remote: '198.51.100.10:5060' });
    pbx.channels.set('PJSIP/102-00000008', { state: 'Up', remote: `${offender}:5060` });
    pbx.channels.set(channel, { ...call, state: 'Up' });
    expeller.readAll();
    await waitFor('it is hung up', () => acts.length > 0);
    expect(told.map((action) => action.channel)).toEqual([channel]);
  });

  test('that are over already are no failure', async () => {
    const { pbx, told, acts, alarms, expeller } = await start();
    pbx.channels.set(channel, call);
    pbx.otherwise.set('Hangup', ['Response: Error', 'Message: No such channel']);
    expeller.heardOf(channel);
    await waitFor('it was tried', () => told.length > 0);
    await expeller.removeFrom([contact]);
    expect([acts.length, alarms.size]).toEqual([1, 0]);
  });

  test('that could not be asked about are found once they can be', async () => {
    const { pbx, acts, expeller } = await start();
    pbx.channels.set(channel, call);
    pbx.otherwise.set('Getvar', 'silence');
    expeller.heardOf(channel);
    setTimeout(() => pbx.otherwise.delete('Getvar'), 300);
    await waitFor('it is hung up', () => acts.length > 0);
  });

  test('are hung up under no name that could be a pattern', async () => {
    const { server, expeller } = await start();
    const before = server.actions.length;
    expeller.heardOf('/^PJSIP.*$/');
    await expeller.removeFrom([contact]);
    expect(server.actions.slice(before).map(({ action }) => action)).toEqual(['DBDel']);
  });
});

describe('the contacts of an offender', () => {
  test('are removed by their own name, and no others', async () => {
    const { told, acts, expeller } = await start();
    await expeller.removeFrom([{ ...contact, callId: 'a phone', id: '100;@9' }, contact]);
    expect(told).toMatchObject([{ action: 'DBDel', family: 'registrar/contact', key: '100;@0123' }]);
    expect(acts).toEqual([{ time: 1_000, kind: 'remove-contact', subject: '100' }]);
  });

  test('that cannot be removed are an alarm with a cure and stand in the record, until one can be', async () => {
    const { pbx, acts, alarms, expeller } = await start();
    pbx.otherwise.set('DBDel', ['Response: Error', 'Message: Database entry not found']);
    await expeller.removeFrom([contact]);
    expect(acts).toMatchObject([{ problem: 'Asterisk refused DBDel: Database entry not found' }]);
    expect(alarms.get('PBX_EXPEL_FAILED')).toMatch(/203\.0\.113\.66.*change the password of 100/);
    pbx.otherwise.delete('DBDel');
    await expeller.removeFrom([contact]);
    expect(alarms.size).toBe(0);
  });
});

test('while nobody is to be put out Asterisk is asked nothing', async () => {
  const { pbx, server, actions, expeller } = await start({ isAny: false });
  pbx.channels.set(channel, call);
  const before = server.actions.length;
  expeller.heardOf(channel);
  expeller.readAll();
  await expeller.removeFrom([contact]);
  for (const _ of [1, 2, 3]) await actions.action('Ping');
  expect(server.actions.slice(before).map(({ action }) => action)).toEqual(['Ping', 'Ping', 'Ping']);
});
