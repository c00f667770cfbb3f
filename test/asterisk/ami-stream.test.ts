import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { AmiTiming } from '../../src/asterisk/ami-login.ts';
import type { AmiMessage } from '../../src/asterisk/ami-message.ts';
import { type AmiStream, createAmiStream } from '../../src/asterisk/ami-stream.ts';
import { waitFor } from '../wait-for.ts';
import { banner, failedGuess, toBytes, toLines } from './ami-bytes.ts';
import { type AmiServer, type AmiServerScript, quickTiming, startAmiServer } from './ami-server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const guess = (account = '100') => toBytes(toLines(failedGuess({ AccountID: account })));
const eventTime = Date.UTC(2026, 10, 23, 1, 0, 24, 669);

async function serve(script?: AmiServerScript): Promise<AmiServer> {
  const server = await startAmiServer(script);
  cleanups.push(server.close);
  return server;
}

function listen(port: number, timing: Partial<AmiTiming> = {}, secret = () => 'secret-of-reader') {
  const seen = {
    events: [] as AmiMessage[],
    batches: [] as number[],
    states: [] as string[],
    details: [] as string[],
    lags: [] as number[],
  };
  const stream: AmiStream = createAmiStream({
    login: { host: '127.0.0.1', port, user: 'reader', secret },
    now: () => eventTime + 40,
    timing: { ...quickTiming, ...timing },
    listener: {
      onEvents(events) {
        seen.events.push(...events);
        seen.batches.push(events.length);
      },
      onState(state, detail) {
        seen.states.push(state);
        seen.details.push(detail);
      },
      onLag: (lagMs) => seen.lags.push(lagMs),
    },
  });
  cleanups.push(stream.close);
  const live = () => waitFor('the stream is live', () => seen.states.at(-1) === 'live');
  const lives = () => seen.states.filter((state) => state === 'live').length;
  return { ...seen, stream, live, lives };
}

describe('the events login', () => {
  test('logs in with a digest and asks for events; the secret does not travel', async () => {
    const server = await serve();
    const { states, live } = listen(server.port);
    await live();
    expect(states).toEqual(['connecting', 'live']);
    expect(server.actions.map(({ action }) => action)).toEqual(['Challenge', 'Login']);
    expect(server.actions[1]).toMatchObject({ authtype: 'MD5', username: 'reader', events: 'on' });
    expect(JSON.stringify(server.actions)).not.toContain('secret-of-reader');
  });

  test('uses ActionIDs that nobody can guess', async () => {
    const server = await serve();
    await listen(server.port).live();
    const ids = server.actions.map(({ actionid }) => actionid);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  test('hands on every event of a recording, in order, however the bytes arrive', async () => {
    const server = await serve();
    const { events, stream, live } = listen(server.port);
    await live();
    const text = readFileSync('fixtures/ami/asterisk22/25-nmap-brute.txt', 'utf8');
    const recorded = text.slice(text.indexOf('Event: '));
    for (let start = 0; start < recorded.length; start += 997)
      server.write(recorded.slice(start, start + 997));
    const count = recorded.split('Event: ').length - 1;
    await waitFor('all events came', () => events.length === count);
    expect(events.map(({ name }) => name)).toEqual(
      [...recorded.matchAll(/^Event: (.*)\r$/gm)].map((match) => match[1]),
    );
    expect(stream.counters()).toMatchObject({ events: count, shed: 0, discarded: 0, connections: 1 });
  });

  test('measures how far the events are behind the clock', async () => {
    const server = await serve();
    const { lags, live } = listen(server.port);
    await live();
    server.write(guess());
    await waitFor('a lag', () => lags.length > 0);
    expect(lags).toEqual([40]);
  });

  test('takes the lag as over when a ping is answered and nothing waits', async () => {
    const server = await serve();
    const { lags, live } = listen(server.port, { pingEveryMs: 20, pingAnswerMs: 2_000 });
    await live();
    await waitFor('a pong', () => lags.length > 0);
    expect(lags[0]).toBe(0);
  });

  test('sheds what exceeds its queue, counts it, and goes on', async () => {
    const server = await serve();
    const { events, stream, batches, live } = listen(server.port);
    await live();
    const burst = guess().repeat(60_000);
    server.write(burst);
    await waitFor('everything was read', () => stream.counters().events === 60_000 && batches.length > 0);
    await waitFor('the queue is empty', () => events.length + stream.counters().shed === 60_000);
    expect(Math.max(...batches)).toBeLessThanOrEqual(512);
    server.write(guess('after'));
    await waitFor('the next event', () => events.at(-1)?.headers.AccountID === 'after');
  });
});

describe('a connection that ends', () => {
  test('in mid-event leaves nothing to the next one', async () => {
    const server = await serve();
    const { events, states, stream, live } = listen(server.port);
    await live();
    server.write(`${guess('whole')}${guess('half').slice(0, 200)}`);
    await waitFor('the whole event', () => events.length === 1);
    server.dropAll();
    await waitFor('live again', () => states.filter((state) => state === 'live').length === 2);
    server.write(guess('next'));
    await waitFor('the next event', () => events.length === 2);
    expect(events.map(({ headers, tampered }) => [headers.AccountID, tampered])).toEqual([
      ['whole', undefined],
      ['next', undefined],
    ]);
    expect(states).toEqual(['connecting', 'live', 'down', 'live']);
    expect(stream.counters()).toMatchObject({ connections: 2 });
  });

  test('by a half close is opened again', async () => {
    const server = await serve();
    const { states, live } = listen(server.port);
    await live();
    server.halfCloseAll();
    await waitFor('live again', () => states.join() === 'connecting,live,down,live');
  });

  test('by silence is given up after an unanswered ping', async () => {
    const server = await serve({
      answer: ({ action }, connection) => (action === 'Ping' && connection === 1 ? 'silence' : undefined),
    });
    const { states, details, live } = listen(server.port, { pingEveryMs: 20 });
    await live();
    await waitFor('live again', () => states.slice(0, 4).join() === 'connecting,live,down,live');
    expect(details[2]).toMatch(/did not answer a ping/);
  });

  test('before the login is one that says so', async () => {
    const server = await serve({ greeting: '' });
    const { states, details } = listen(server.port, { loginMs: 30 });
    await waitFor('down', () => states.includes('down'));
    expect(details[1]).toMatch(/no answer of an Asterisk manager interface/);
  });

  test('because nobody listens is tried again until somebody does', async () => {
    const server = await startAmiServer();
    const { port } = server;
    await server.close();
    const { states, details } = listen(port);
    await waitFor('tried again', () => states.filter((state) => state === 'down').length >= 3);
    expect(details[1]).toMatch(/ECONNREFUSED/);
  });

  test('is not opened again once the stream is closed', async () => {
    const server = await serve();
    const closed = listen(server.port);
    await closed.live();
    closed.stream.close();
    const other = listen(server.port);
    for (const times of [1, 2, 3]) {
      await waitFor('the other one is live', () => other.lives() === times);
      server.dropAll();
    }
    expect(closed.states).toEqual(['connecting', 'live']);
    expect(closed.stream.counters().connections).toBe(1);
  });
});

describe('a login that is refused', () => {
  test('says so once and is not tried again in haste', async () => {
    const server = await serve();
    const { states, details } = listen(server.port, {}, () => 'wrong');
    await waitFor('refused', () => states.includes('refused'));
    expect(states).toEqual(['connecting', 'refused']);
    expect(details[1]).toBe('Asterisk refused the login of reader');
    expect(server.connections()).toBe(1);
  });

  test('is accepted later with a secret that was replaced', async () => {
    const server = await serve();
    let secret = 'wrong';
    const { states, live } = listen(server.port, { retryRefusedMs: 20 }, () => secret);
    await waitFor('refused', () => states.includes('refused'));
    secret = 'secret-of-reader';
    await live();
  });

  test('because the former session is still there is tried again soon', async () => {
    const server = await serve({
      answer: (_action, connection) =>
        connection === 1 ? ['Response: Error', 'Message: Login Already In Use'] : undefined,
    });
    const { states, live } = listen(server.port);
    await live();
    expect(states).toEqual(['connecting', 'down', 'live']);
  });
});

describe('a server that is not Asterisk', () => {
  test('is garbage that is discarded, and nothing is sent to it', async () => {
    const server = await serve({ greeting: `SSH-2.0-x\r\n${'\0'.repeat(100_000)}\r\n\r\n` });
    const { states, stream } = listen(server.port, { loginMs: 100 });
    await waitFor('down', () => states.includes('down'));
    expect(server.actions).toEqual([]);
    expect(stream.counters().discarded).toBeGreaterThan(0);
  });

  test('cannot answer for an action that it did not see', async () => {
    const greeting = `${banner}Response: Success\r\nActionID: 1\r\n\r\nResponse: Success\r\n\r\n`;
    const server = await serve({
      greeting,
      answer: ({ action }) => (action === 'Login' ? 'silence' : undefined),
    });
    const { states } = listen(server.port, { loginMs: 100 });
    await waitFor('down', () => states.includes('down'));
    expect(states).not.toContain('live');
  });
});
