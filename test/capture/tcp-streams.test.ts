import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { longestMessage } from '../../src/capture/sip-cutter.ts';
import { connectionLimit } from '../../src/capture/tcp-connections.ts';
import { createTcpStreams, flowLimit, type TcpSegment } from '../../src/capture/tcp-streams.ts';
import { pbx, phone, request } from './frames.ts';

const ourStart = 4_294_967_000;
const theirStart = 4_294_967_200;
const register = request('REGISTER');
const invite = request('INVITE', { body: 'v=0\r\n' });
const answer = 'SIP/2.0 401 Unauthorized\r\nl: 0\r\n\r\n';

const peer = { address: phone, port: 40_000 };
const local = { address: pbx, port: 5_060 };

function createStreams() {
  const messages: string[] = [];
  const proofs: boolean[] = [];
  const discards: string[] = [];
  const foreign: string[] = [];
  const streams = createTcpStreams({
    onMessage: ({ bytes, isConnectionProven }) => {
      messages.push(bytes.toString('latin1'));
      proofs.push(isConnectionProven);
    },
    onForeign: ({ bytes, isConnectionProven }) =>
      foreign.push(`${bytes.toString('latin1')}${isConnectionProven ? ' proven' : ''}`),
    discard: (reason) => discards.push(reason),
  });

  function send(fields: Partial<TcpSegment>): void {
    const isOut = fields.direction === 'out';
    streams.segment({
      time: 0,
      direction: 'in',
      source: isOut ? local : peer,
      destination: isOut ? peer : local,
      sequence: 0,
      acknowledgement: (ourStart + 1) >>> 0,
      isSyn: false,
      bytes: Buffer.alloc(0),
      missing: 0,
      ...fields,
    });
  }

  function synAck(fields: Partial<TcpSegment> = {}): void {
    send({ direction: 'out', isSyn: true, sequence: ourStart, acknowledgement: theirStart + 1, ...fields });
  }

  /** Text of the peer's, so many bytes after its first. */
  function receive(at: number, text: string, fields: Partial<TcpSegment> = {}): void {
    send({ sequence: (theirStart + 1 + at) >>> 0, bytes: Buffer.from(text, 'latin1'), ...fields });
  }

  return { streams, send, synAck, receive, messages, proofs, discards, foreign };
}

describe('bytes that are not SIP', () => {
  test('are handed on where a connection begins with them, proven', () => {
    const { synAck, receive, foreign } = createStreams();
    synAck();
    receive(0, 'GET / HTTP/1.0\r\n\r\n');
    expect(foreign).toEqual(['GET / HTTP/1.0\r\n\r\n proven']);
  });

  test('are not where a message went before, or the beginning was not seen', () => {
    const after = createStreams();
    after.synAck();
    after.receive(0, register);
    after.receive(register.length, 'v=0\r\no=-\r\n');
    const midway = createStreams();
    midway.receive(5_000, 'v=0\r\no=-\r\n');
    expect([...after.foreign, ...midway.foreign]).toEqual([]);
  });
});

describe('order', () => {
  test('a message split over segments is put together, and several in one are cut apart', () => {
    const { synAck, receive, messages, discards } = createStreams();
    synAck();
    receive(0, 'REGI');
    receive(4, register.slice(4, 90));
    receive(90, register.slice(90) + invite + invite.slice(0, 30));
    receive(register.length + invite.length + 30, invite.slice(30));
    expect(messages).toEqual([register, invite, invite]);
    expect(discards).toEqual([]);
  });

  test('what is sent again counts once, whether whole or in part', () => {
    const { receive, messages, discards } = createStreams();
    receive(0, register);
    receive(0, register);
    receive(50, register.slice(50) + invite);
    expect(messages).toEqual([register, invite]);
    expect(discards).toEqual(['tcp: bytes that came before']);
  });

  test('segments that overtake each other are put in order', () => {
    const { synAck, receive, messages, discards } = createStreams();
    synAck();
    receive(60, register.slice(60, 90));
    receive(90, register.slice(90));
    receive(0, register.slice(0, 60));
    expect(messages).toEqual([register]);
    expect(discards).toEqual([]);
  });

  test('after a gap it goes on at the next segment that begins a message', () => {
    const { receive, messages, discards } = createStreams();
    receive(0, register.slice(0, 60));
    receive(70, register.slice(70));
    receive(register.length, invite);
    expect(messages).toEqual([invite]);
    expect(discards).toEqual(['tcp: bytes after a gap', 'tcp: a message with a gap']);
  });

  test('a gap that nobody fills is waited for only so long', () => {
    const { streams, receive, messages, discards } = createStreams();
    receive(0, register);
    for (let index = 0; index < 9; index += 1) receive(5_000 + index * 10, 'x'.repeat(10));
    expect(discards).toHaveLength(9);
    expect(streams.held.bytes).toBe(0);
    receive(6_000, invite);
    expect(messages).toEqual([register, invite]);
  });

  test('our answers are read, although only some of our segments are captured', () => {
    const { send, messages, discards } = createStreams();
    for (const sequence of [10, 5_000, 5_035, 4_000_000_000, 90]) {
      send({ direction: 'out', sequence, bytes: Buffer.from(answer) });
    }
    expect(messages).toEqual(Array(5).fill(answer));
    expect(discards).toEqual([]);
  });

  test('a segment that the capture cut is a gap, and does not garble what follows', () => {
    const { receive, messages, discards } = createStreams();
    receive(0, register + invite.slice(0, 40), { missing: invite.length - 40 });
    receive(register.length + invite.length, invite);
    expect(messages).toEqual([register, invite]);
    expect(discards).toEqual(['tcp: a message with a gap']);
  });

  test('of a message that the capture cut after its headers, the headers are used', () => {
    const { receive, messages } = createStreams();
    receive(0, invite.slice(0, -5), { missing: 5 });
    receive(invite.length, register);
    expect(messages).toEqual([invite.slice(0, -5), register]);
  });

  test('a capture that begins amid a connection waits for the beginning of a message', () => {
    const { receive, messages, discards } = createStreams();
    receive(500, register.slice(20));
    receive(500 + register.length - 20, register);
    expect(messages).toEqual([register]);
    expect(discards).toEqual(['tcp: bytes that belong to no message we saw begin']);
  });

  test('a flow that was idle for more than a minute is forgotten', () => {
    const { streams, receive, messages } = createStreams();
    receive(0, register.slice(0, 50), { time: 1_000 });
    receive(50, register.slice(50, 60), { time: 61_000 });
    receive(60, register.slice(60), { time: 121_001 });
    expect(messages).toEqual([]);
    expect(streams.held.bytes).toBe(0);
  });
});

describe('proof', () => {
  test('a message over a connection that we accepted is proven', () => {
    const { synAck, receive, proofs } = createStreams();
    synAck();
    receive(0, register);
    receive(register.length, invite);
    expect(proofs).toEqual([true, true]);
  });

  test('an acknowledgement of what we sent since is inside the window', () => {
    const { synAck, send, receive, proofs } = createStreams();
    synAck();
    send({ direction: 'out', sequence: (ourStart + 1) >>> 0, bytes: Buffer.from(answer) });
    receive(0, register, { acknowledgement: (ourStart + 1 + answer.length) >>> 0 });
    expect(proofs).toEqual([false, true]);
  });

  test('a blind forger proves nothing, and does not disturb the stream of the one it names', () => {
    const { synAck, receive, messages, proofs } = createStreams();
    synAck();
    receive(0, register.slice(0, 50));
    receive(50, invite, { acknowledgement: 2_000_000_000 });
    receive(3_000_000, invite);
    receive(50, 'x'.repeat(200), { acknowledgement: undefined });
    receive(50, register.slice(50));
    expect(messages).toEqual([invite, invite, register]);
    expect(proofs).toEqual([false, false, true]);
  });

  test.each(['in', 'unknown'] as const)('a SYN-ACK of direction %s proves nothing', (direction) => {
    const { synAck, receive, messages, proofs } = createStreams();
    synAck({ direction, source: local, destination: peer });
    receive(0, register, { direction: 'in' });
    expect(messages).toEqual([register]);
    expect(proofs).toEqual([false]);
  });

  test('a SYN-ACK that came in does not disturb the stream that it names', () => {
    const { synAck, receive, messages } = createStreams();
    receive(0, register.slice(0, 50));
    synAck({ direction: 'in', source: local, destination: peer, sequence: 1, acknowledgement: 2 });
    receive(50, register.slice(50));
    expect(messages).toEqual([register]);
  });

  test('without a SYN-ACK nothing is proven', () => {
    const { receive, proofs } = createStreams();
    receive(0, register);
    expect(proofs).toEqual([false]);
  });

  test('a new connection between the same ports begins anew', () => {
    const { synAck, send, receive, messages, proofs } = createStreams();
    synAck();
    receive(0, register.slice(0, 50));
    send({ direction: 'out', sequence: 50_000, bytes: Buffer.from(answer) });
    synAck({ sequence: 1_000, acknowledgement: 2_001 });
    send({ sequence: 2_001, acknowledgement: 1_001, bytes: Buffer.from('INVI') });
    send({ sequence: 2_005, acknowledgement: 1_001, bytes: Buffer.from(invite.slice(4)) });
    send({ direction: 'out', sequence: 1_001, bytes: Buffer.from(answer) });
    expect(messages).toEqual([answer, invite, answer]);
    expect(proofs).toEqual([false, true, false]);
  });
});

test('what came too early is kept up to the size of a message', () => {
  const { streams, receive, discards } = createStreams();
  receive(0, register);
  for (const at of [10_000, 40_000, 70_000]) receive(at, 'x'.repeat(30_000));
  expect(streams.held.bytes).toBe(0);
  expect(discards.filter((reason) => reason === 'tcp: bytes after a gap')).toHaveLength(2);
});

test('flows that are idle give their place back without being asked for', () => {
  const { streams, send } = createStreams();
  const bytes = Buffer.from('INVITE sip:a SIP/2.0\r\n');
  for (let port = 1; port <= 10; port += 1) send({ time: 1_000, source: { address: phone, port }, bytes });
  send({ time: 100_000, source: { address: phone, port: 11 }, bytes });
  expect(streams.held.flows).toBe(1);
});

test('flows, connections and bytes stay within their bounds', () => {
  const { streams, send, synAck } = createStreams();
  const bytes = Buffer.from(`INVITE sip:a SIP/2.0\r\nX: ${'x'.repeat(1_000)}`);
  for (let index = 0; index < connectionLimit + 50; index += 1) {
    const source = { address: `10.1.${index >> 8}.${index & 255}`, port: 1 };
    synAck({ destination: source });
    send({ source, sequence: theirStart + 1, bytes });
  }
  expect(streams.held).toEqual({
    flows: flowLimit,
    connections: connectionLimit,
    bytes: flowLimit * bytes.length,
  });
});

test('no segments make it throw or keep more than a message per flow', () => {
  const text = fc.oneof(
    fc.constantFrom(register, invite, answer, register.slice(0, 40), register.slice(40), 'x'.repeat(30_000)),
    fc.string({ maxLength: 40 }),
  );
  const segment = fc.record({
    direction: fc.constantFrom('in' as const, 'out' as const, 'unknown' as const),
    sequence: fc.oneof(fc.nat(1_000), fc.nat(0xffffffff)),
    acknowledgement: fc.option(fc.nat(0xffffffff), { nil: undefined }),
    isSyn: fc.boolean(),
    bytes: text.map((value) => Buffer.from(value)),
    missing: fc.nat(2_000),
  });
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 60 }), (list) => {
      const { streams, send } = createStreams();
      for (const fields of list) send(fields);
      expect(streams.held.flows).toBeLessThanOrEqual(2);
      expect(streams.held.bytes).toBeLessThanOrEqual(2 * longestMessage);
    }),
  );
});
