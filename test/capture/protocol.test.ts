import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { z } from 'zod';
import {
  daemonMessage,
  lineLimit,
  observation,
  observationsPerMessage,
  type SidecarMessage,
  settingsLineLimit,
  sidecarMessage,
  writeMessage,
} from '../../src/capture/protocol.ts';
import { createMessageReader } from '../../src/lib/message-reader.ts';
import { foreignTextLimit, type Observation } from '../../src/model/observation.ts';
import { mostSignatures, type Signature, signatureLength } from '../../src/model/signature.ts';
import {
  call,
  diversion,
  excess,
  failure,
  fileAnswer,
  fileRequest,
  malformed,
  managementFailure,
  probe,
  proven,
  report,
  scan,
  success,
  tampering,
} from '../observations.ts';

const samples: readonly Observation[] = [
  scan({ callId: 'a', proof: proven() }),
  failure({ nonce: 'b', nonceNeverIssued: true }),
  success({ method: 'REGISTER', nonce: 'c' }),
  probe('100'),
  call('00441234567890'),
  excess('tftp'),
  malformed(),
  diversion(),
  tampering(),
  managementFailure(),
  report('203.0.113.66'),
  fileRequest('000413aabbcc.cfg'),
  fileAnswer('000413aabbcc.cfg', 'missing'),
];

function read(...chunks: readonly (string | Buffer)[]) {
  const messages: SidecarMessage[] = [];
  const refused: string[] = [];
  const reader = createMessageReader(sidecarMessage, lineLimit, {
    onMessage: (message) => messages.push(message),
    onRefused: (reason) => refused.push(reason),
  });
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return { messages, refused };
}

const faults = (count: number): SidecarMessage[] =>
  Array.from({ length: count }, (_, index) => ({ kind: 'fault', code: 'X', message: String(index) }));

describe('the schema of an observation', () => {
  test('has the same type as the model', () => {
    // Held by tsc, in both directions.
    const fromSchema = (value: z.infer<typeof observation>): Observation => value;
    const fromModel = (value: Observation): z.infer<typeof observation> =>
      value as z.infer<typeof observation>;
    expect([fromSchema, fromModel]).toHaveLength(2);
  });

  test.each(samples)('passes $kind as it is', (sample) => {
    expect(observation.parse(sample)).toEqual(sample);
  });

  test.each([
    ['an address that is not canonical', { source: { address: '2001:DB8::1', port: 1 } }],
    ['an IPv4-mapped address', { source: { address: '::ffff:192.0.2.1', port: 1 } }],
    ['a host name', { local: { address: 'pbx.example', port: 1 } }],
    ['a port out of range', { source: { address: '192.0.2.1', port: 65_536 } }],
    ['a key that nobody knows', { extra: 1 }],
    ['a text that is too long', { value: 'x'.repeat(foreignTextLimit + 1) }],
    ['a time that is no time', { time: Number.POSITIVE_INFINITY }],
    ['an observation of no message', { messages: 0 }],
    ['a proof without its rung', { proof: { level: 'proven' } }],
    ['another kind', { kind: 'ban' }],
  ])('refuses %s', (_, change) => {
    expect(observation.safeParse({ ...scan(), ...change }).success).toBe(false);
  });
});

describe('the reader of messages', () => {
  test('reads what the writer wrote, however it is cut', () => {
    const text = Buffer.from(faults(5).map(writeMessage).join(''));
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 20 }), (cuts) => {
        const edges = [0, ...cuts.toSorted((one, other) => one - other), text.length];
        const chunks = edges.slice(1).map((edge, index) => text.subarray(edges[index], edge));
        expect(read(...chunks)).toEqual({ messages: faults(5), refused: [] });
      }),
    );
  });

  test.each([
    ['no JSON', 'hello'],
    ['an empty line', ''],
    ['a list', '[]'],
    ['a prototype', '{"__proto__":{"kind":"ready"}}'],
    ['an unknown kind', '{"kind":"ban","address":"192.0.2.1"}'],
    ['a message of the other direction', '{"kind":"settings"}'],
    ['too many counters', JSON.stringify({ kind: 'counters', counters: Object.fromEntries(keys(201)) })],
  ])('refuses %s, and reads the next line', (_, line) => {
    const { messages, refused } = read(`${line}\n`, writeMessage(faults(1)[0]!));
    expect(messages).toEqual(faults(1));
    expect(refused).toHaveLength(1);
  });

  test('names what is wrong without its text', () => {
    const { refused } = read('{"kind":"fault","code":"X","message":7,"evil":"\\u001b[2J"}\n');
    expect(refused.join()).not.toContain('evil');
  });

  test('reads over a line that is too long, and tells it once', () => {
    const part = Buffer.alloc(lineLimit / 2 + 1, 'x');
    const { messages, refused } = read(part, part, part, '\n', writeMessage(faults(1)[0]!));
    expect(refused).toEqual(['too long']);
    expect(messages).toEqual(faults(1));
  });

  test('never throws, and judges every line once', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
        const { messages, refused } = read(...chunks.map((chunk) => Buffer.from(chunk)));
        const lines = Buffer.concat(chunks).filter((byte) => byte === 10).length;
        expect(messages.length + refused.length).toBe(lines);
      }),
    );
  });
});

test('a full message of the longest texts is a line that the daemon takes', () => {
  const text = '\0'.repeat(foreignTextLimit);
  const longest = scan({
    callId: text,
    value: text,
    signature: '\uffff'.repeat(200),
    source: { address: '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff', port: 65_535 },
    proof: proven(1_700_000_000_000.123),
  });
  const list = Array.from({ length: observationsPerMessage }, () => longest);
  expect(read(writeMessage({ kind: 'observations', list } as SidecarMessage)).refused).toEqual([]);
});

test('the longest list of signatures is a line that the sidecar takes', () => {
  const text = '\uffff'.repeat(signatureLength);
  const longest: Signature = { name: text, field: 'request-line', pattern: text, confidence: 'score' };
  const settings = {
    udpPorts: [[5060, 5061] as [number, number]],
    tcpPorts: [],
    tftpPorts: [],
    signatures: Array.from({ length: mostSignatures }, () => longest),
    answerWithinMs: 1_000,
    nonceLifetimeMs: 32_000,
  };
  const line = writeMessage({ kind: 'settings', settings });
  expect(Buffer.byteLength(line)).toBeLessThan(settingsLineLimit);
  expect(daemonMessage.parse(JSON.parse(line)).settings.signatures).toHaveLength(mostSignatures);
});

function keys(count: number): (readonly [string, number])[] {
  return Array.from({ length: count }, (_, index) => [`c${index}`, index] as const);
}
