import { afterEach, describe, expect, test } from '@jest/globals';
import { parsePeer, readChannels } from '../../src/asterisk/call-channels.ts';
import { type CallTrust, createLiveCalls, type LiveCalls } from '../../src/asterisk/live-calls.ts';
import type { LiveCall } from '../../src/model/inventory.ts';
import { waitFor } from '../wait-for.ts';
import { type AmiServer, startAmiServer } from './ami-server.ts';
import { connectActions } from './connect-actions.ts';
import { type ScriptedPbx, scriptPbx } from './pbx-script.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const phoneCall = { state: 'Up', requestUri: 'sip:600@192.0.2.1', remote: '198.51.100.10:5062' };
const channel = 'PJSIP/100-00000001';

interface Watched {
  readonly pbx: ScriptedPbx;
  readonly server: AmiServer;
  readonly calls: LiveCalls;
  readonly published: (readonly LiveCall[])[];
  readonly unknown: () => number;
  becomes(peers: readonly string[]): Promise<unknown>;
  asked(pattern: RegExp): number;
}

/** Endpoint 100 authenticates, `trunk` is known by 198.51.100.20, `anonymous` is nobody, others are unknown. */
async function watch({ againMs = 60_000, timeoutMs = 5_000 } = {}): Promise<Watched> {
  const pbx = scriptPbx();
  const server = await startAmiServer({ users: { actor: 'secret-of-actor' }, answer: pbx.answer });
  cleanups.push(server.close);
  const actions = await connectActions(server.port, timeoutMs);
  cleanups.push(actions.close);
  const published: (readonly LiveCall[])[] = [];
  let unknown = 0;
  const trust: CallTrust = {
    of: (name) =>
      name === 'anonymous' ? 'nobody' : ['100', 'trunk'].includes(name) ? 'somebody' : 'unknown',
    isOurs: (name, address) => name === '100' || address === '198.51.100.20',
    onUnknown() {
      unknown += 1;
    },
  };
  const calls = createLiveCalls({
    actions,
    trust,
    now: () => 1_000,
    timing: {
      read: { quietMs: 1, restMostMs: 1, retryLeastMs: 5, retryMostMs: 10 },
      againMs,
      gatherMs: 1,
    },
    publish: (live) => published.push(live),
  });
  cleanups.push(calls.close);
  return {
    pbx,
    server,
    calls,
    published,
    unknown: () => unknown,
    becomes: (peers) =>
      waitFor(`the calls are those of ${peers.join(', ') || 'nobody'}`, () => {
        const live = published.at(-1)?.map(({ peer }) => `${peer.address} ${peer.port}`);
        return live?.toSorted().join() === peers.toSorted().join();
      }),
    asked: (pattern) => server.actions.filter(({ variable = '' }) => pattern.test(variable)).length,
  };
}

describe('the live calls', () => {
  test('are read whole, with the address that the call came from', async () => {
    const { pbx, calls, published, becomes } = await watch();
    pbx.channels.set(channel, phoneCall);
    pbx.channels.set('PJSIP/trunk-00000002', { ...phoneCall, remote: '198.51.100.20:5060' });
    pbx.channels.set('PJSIP/100-00000003', { ...phoneCall, state: 'Ring' });
    calls.readAll();
    await becomes(['198.51.100.10 5062', '198.51.100.20 5060']);
    expect(published.at(-1)?.[0]).toEqual({
      peer: { address: '198.51.100.10', port: 5062 },
      channel,
      endpoint: '100',
      since: 1_000,
    });
  });

  test('come and go as events say that they may have', async () => {
    const { pbx, calls, becomes } = await watch();
    calls.readAll();
    await becomes([]);
    pbx.channels.set(channel, { ...phoneCall, remote: '[2001:db8::10]:5062' });
    calls.heardOf(channel);
    await becomes(['2001:db8::10 5062']);
    pbx.channels.delete(channel);
    calls.heardOf(channel);
    await becomes([]);
  });

  test('are not told before all of them were read', async () => {
    const { pbx, calls, published, becomes, asked } = await watch();
    pbx.channels.set(channel, phoneCall);
    calls.heardOf(channel);
    await waitFor('asked about it', () => asked(/remote_addr/) === 1);
    expect(published).toEqual([]);
    calls.readAll();
    await becomes(['198.51.100.10 5062']);
  });

  test('of a guest are none, and Asterisk is not even asked', async () => {
    const { pbx, calls, becomes, asked } = await watch();
    pbx.channels.set('PJSIP/anonymous-00000001', phoneCall);
    calls.heardOf('PJSIP/anonymous-00000001');
    calls.readAll();
    await becomes([]);
    expect(asked(/^CHANNEL\(/)).toBe(0);
  });

  test('of an endpoint known by its address are none where they come from another one', async () => {
    const { pbx, calls, becomes } = await watch();
    pbx.channels.set('PJSIP/trunk-00000001', { ...phoneCall, remote: '203.0.113.66:5060' });
    calls.readAll();
    await becomes([]);
  });

  test('that Asterisk made are none: where they go to is what a contact says', async () => {
    const { pbx, calls, becomes, asked } = await watch();
    pbx.channels.set(channel, { state: 'Up', remote: '203.0.113.66:5060' });
    calls.readAll();
    await becomes([]);
    expect(asked(/remote_addr/)).toBe(0);
  });

  test('do not begin because an event says so', async () => {
    const { calls, becomes, unknown, asked } = await watch();
    calls.readAll();
    await becomes([]);
    calls.heardOf(channel);
    calls.heardOf('PJSIP/nobody-00000001');
    await waitFor('asked about both', () => asked(/state/) === 2);
    await becomes([]);
    expect(unknown()).toBe(0);
  });

  test('do not end because an event says so', async () => {
    const { pbx, calls, published, becomes, asked } = await watch();
    pbx.channels.set(channel, phoneCall);
    calls.readAll();
    await becomes(['198.51.100.10 5062']);
    calls.heardOf(channel);
    await waitFor('asked again', () => asked(/state/) === 2);
    pbx.channels.set('PJSIP/100-00000002', phoneCall);
    calls.heardOf('PJSIP/100-00000002');
    await becomes(['198.51.100.10 5062', '198.51.100.10 5062']);
    expect(published.at(-1)?.[0]?.channel).toBe(channel);
  });

  test('of an endpoint that is not known make the endpoints be read', async () => {
    const { pbx, calls, unknown } = await watch();
    pbx.channels.set('PJSIP/new-00000001', phoneCall);
    calls.heardOf('PJSIP/new-00000001');
    await waitFor('the endpoints are asked for', () => unknown() > 0);
  });

  test('whose end nobody heard of are found out while there are calls, and only then', async () => {
    const { pbx, calls, becomes, asked } = await watch({ againMs: 5 });
    pbx.channels.set(channel, phoneCall);
    calls.readAll();
    await becomes(['198.51.100.10 5062']);
    pbx.channels.delete(channel);
    await becomes([]);
    const before = asked(/^CHANNELS/);
    calls.heardOf('PJSIP/100-00000009');
    await waitFor('asked about another one', () => asked(/state/) >= 2);
    expect(asked(/^CHANNELS/)).toBe(before);
  });

  test('stay as they are while Asterisk does not answer, and are read again', async () => {
    const { pbx, calls, published, becomes, asked } = await watch({ timeoutMs: 20 });
    pbx.channels.set(channel, phoneCall);
    calls.readAll();
    await becomes(['198.51.100.10 5062']);
    pbx.otherwise.set('Getvar', 'silence');
    pbx.channels.delete(channel);
    const [before, told] = [asked(/^CHANNELS/), published.length];
    calls.heardOf(channel);
    await waitFor('all were tried to be read again', () => asked(/^CHANNELS/) > before + 1);
    expect(published).toHaveLength(told);
    pbx.otherwise.delete('Getvar');
    await becomes([]);
  });

  test('are all found where one answer cannot hold their names', async () => {
    const { pbx, calls, published } = await watch();
    for (let index = 0; index < 300; index += 1) {
      pbx.channels.set(`PJSIP/100-${index.toString(16).padStart(8, '0')}`, phoneCall);
    }
    calls.readAll();
    await waitFor('all calls', () => published.at(-1)?.length === 300);
  });

  test('are all found where Asterisk counts fewer calls than there are names', async () => {
    const { pbx, server } = await watch();
    for (let index = 0; index < 200; index += 1) {
      pbx.channels.set(`PJSIP/100-${index.toString(16).padStart(8, '0')}`, phoneCall);
    }
    pbx.otherwise.set('CoreStatus', ['Response: Success', 'CoreCurrentCalls: 0']);
    const actions = await connectActions(server.port);
    cleanups.push(actions.close);
    expect(await readChannels(actions)).toHaveLength(200);
  });

  test('survive more events than can be asked about', async () => {
    const { pbx, calls, becomes } = await watch();
    pbx.channels.set(channel, phoneCall);
    for (let index = 0; index < 3_000; index += 1) {
      calls.heardOf(`PJSIP/100-${index.toString(16).padStart(8, 'f')}`);
    }
    await becomes(['198.51.100.10 5062']);
  });
});

test.each([
  ['198.51.100.10:5060', { address: '198.51.100.10', port: 5060 }],
  ['[2001:db8::1]:5061', { address: '2001:db8::1', port: 5061 }],
  ['[::ffff:198.51.100.10]:5060', { address: '198.51.100.10', port: 5060 }],
  ['198.51.100.10', undefined],
  ['198.51.100.10:65536', undefined],
  ['2001:db8::1:5060', undefined],
  ['host:5060', undefined],
  ['', undefined],
])('the peer %j is read', (text, peer) => {
  expect(parsePeer(text)).toEqual(peer);
});
