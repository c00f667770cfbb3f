import { afterEach, describe, expect, test } from '@jest/globals';
import { createChangeStream } from '../../src/asterisk/change-stream.ts';
import { waitFor } from '../wait-for.ts';
import { failedGuess, toBytes, toLines } from './ami-bytes.ts';
import { type AmiServerScript, fullyBooted, quickTiming, startAmiServer } from './ami-server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function hear(script: AmiServerScript = {}, secret = 'secret-of-reader') {
  const server = await startAmiServer(script);
  cleanups.push(server.close);
  const heard: string[] = [];
  const active = new Map<string, string>();
  const stream = createChangeStream({
    login: { host: '127.0.0.1', port: server.port, user: 'reader', secret: () => secret },
    alarms: {
      raise: (code, message, hint) => void active.set(code, `${message} | ${hint}`),
      clear: (code) => void active.delete(code),
    },
    now: () => 0,
    timing: quickTiming,
    listener: {
      onChange: (change) => heard.push(change.kind === 'call' ? change.channel : change.kind),
      onMissed: () => heard.push('missed'),
      onLive() {},
      onUnheard: () => heard.push('unheard'),
    },
  });
  cleanups.push(stream.close);
  stream.open();
  const changes = () => heard.filter((each) => each !== 'unheard');
  return { server, stream, heard, active, changes };
}

const event = (name: string, ...lines: string[]) => toBytes([`Event: ${name}`, 'Privilege: x,all', ...lines]);
const hangup = (number: number) => event('Hangup', `Channel: PJSIP/100-0000000${number}`);

describe('the connection that tells of changes', () => {
  test('asks for the events of the system and of calls, and not for those of security', async () => {
    const { server, changes } = await hear();
    await waitFor('Asterisk has booted', () => changes().length > 0);
    expect(server.actions.at(-1)).toMatchObject({ action: 'Login', events: 'system,call' });
    server.write(toBytes(toLines(failedGuess())) + event('ContactStatus') + hangup(1) + event('Reload'));
    await waitFor('all of them', () => changes().length === 4);
    expect(changes()).toEqual(['booted', 'contacts', 'PJSIP/100-00000001', 'trunks']);
  });

  test('believes the first FullyBooted of a connection: a caller could have written another one', async () => {
    const { server, changes } = await hear();
    await waitFor('Asterisk has booted', () => changes().length > 0);
    server.write(fullyBooted + hangup(1));
    await waitFor('the next event', () => changes().length > 1);
    expect(changes()).toEqual(['booted', 'PJSIP/100-00000001']);
    server.dropAll();
    await waitFor('another connection', () => changes().length > 2);
    expect(changes()).toEqual(['booted', 'PJSIP/100-00000001', 'booted']);
  });

  test('waits for an Asterisk that is still booting', async () => {
    let isBooted = false;
    const { server, changes, active } = await hear({ isBooted: () => isBooted });
    await waitFor('it is logged in', () => server.actions.some(({ action }) => action === 'Login'));
    server.write(hangup(1));
    await waitFor('the event', () => changes().length === 1);
    isBooted = true;
    server.write(fullyBooted);
    await waitFor('it has booted', () => changes().at(-1) === 'booted');
    expect(active.size).toBe(0);
  });

  test('says when nothing is heard any more', async () => {
    const { server, heard, changes } = await hear();
    await waitFor('Asterisk has booted', () => changes().length > 0);
    const before = heard.filter((each) => each === 'unheard').length;
    server.dropAll();
    await waitFor('unheard', () => heard.filter((each) => each === 'unheard').length > before);
  });

  test('says when something of it was lost', async () => {
    const { server, changes } = await hear();
    await waitFor('Asterisk has booted', () => changes().length > 0);
    server.write(`Event: x\r\nY: ${'z'.repeat(70_000)}\r\n\r\n${hangup(1)}`);
    await waitFor('it', () => changes().includes('missed'));
    const before = changes().length;
    server.write(hangup(2));
    await waitFor('the next event', () => changes().length > before);
    expect(changes().filter((each) => each === 'missed')).toHaveLength(1);
  });

  test('raises an alarm with a cure where Asterisk lets it in only once', async () => {
    const { active } = await hear({
      answer: ({ action }) =>
        action === 'Login' ? ['Response: Error', 'Message: Login Already In Use'] : undefined,
    });
    await waitFor('the alarm', () => active.size > 0);
    expect(active.get('AMI_CHANGES_UNHEARD')).toMatch(/still logged in elsewhere \| run "sipwarden setup"/);
  });

  test('leaves no alarm and hears nothing once it is closed', async () => {
    const { server, stream, active } = await hear({}, 'wrong');
    await waitFor('the alarm', () => active.size > 0);
    stream.close();
    expect(active.size).toBe(0);
    expect(server.connections()).toBe(1);
  });
});
