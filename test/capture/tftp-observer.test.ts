import { expect, test } from '@jest/globals';
import type { Direction, WireMessage } from '../../src/capture/packet.ts';
import { observation } from '../../src/capture/protocol.ts';
import { createTftpObserver } from '../../src/capture/tftp-observer.ts';
import type { Observation } from '../../src/model/observation.ts';

const phone = { address: '198.51.100.10', port: 2_069 };
const server = { address: '192.0.2.1', port: 69 };
/** Where the server's answers come from. */
const transfer = { address: '192.0.2.1', port: 41_234 };

const message = (text: string, some: Partial<WireMessage>): WireMessage => ({
  time: 0,
  direction: 'in',
  transport: 'udp',
  source: phone,
  destination: server,
  bytes: Buffer.from(text, 'latin1'),
  isConnectionProven: false,
  ...some,
});
const ask = (file: string, some: Partial<WireMessage> = {}) => message(`\0\u0001${file}\0octet\0`, some);
const give = (text: string, some: Partial<WireMessage> = {}) =>
  message(text, { direction: 'out', source: transfer, destination: phone, ...some });
const notFound = '\0\u0005\0\u0001no\0';
const firstBlock = '\0\u0003\0\u0001secret';

function observe(...messages: readonly WireMessage[]) {
  const said: Observation[] = [];
  const counts: string[] = [];
  const observer = createTftpObserver({
    emit: (some) => said.push(some),
    count: (reason) => counts.push(reason),
  });
  for (const each of messages) observer.message(each);
  return { said, counts };
}

test('tells who asked for which file at once, and of the answer when it leaves, each asserted', () => {
  const { said } = observe(
    ask('a.cfg'),
    give(notFound, { time: 5 }),
    ask('b.cfg', { time: 6 }),
    give(firstBlock, { time: 7 }),
  );
  const common = { sensor: 'packets', transport: 'udp', source: phone, local: server, messages: 1 };
  const asserted = { ...common, proof: { level: 'asserted' } };
  expect(said).toEqual([
    { ...asserted, time: 0, kind: 'file-requested', file: 'a.cfg' },
    { ...asserted, time: 5, kind: 'file-answered', file: 'a.cfg', answer: 'missing' },
    { ...asserted, time: 6, kind: 'file-requested', file: 'b.cfg' },
    { ...asserted, time: 7, kind: 'file-answered', file: 'b.cfg', answer: 'served' },
  ]);
  for (const each of said) expect(observation.parse(each)).toEqual(each);
});

test('an answer is told once, however often its first block is sent', () => {
  expect(observe(ask('a'), give(firstBlock), give(firstBlock)).said).toHaveLength(2);
});

test.each([
  ['to nobody who asked', [give(firstBlock)]],
  ['to another port of who asked', [ask('a'), give(firstBlock, { destination: { ...phone, port: 1 } })]],
  ['long after', [ask('a'), give(firstBlock, { time: 10_001 })]],
  ['that came in', [ask('a'), give(firstBlock, { direction: 'in' })]],
])('an answer %s is none', (_, messages) => {
  const { said, counts } = observe(...messages);
  expect(said.filter(({ kind }) => kind === 'file-answered')).toEqual([]);
  expect(counts).toEqual(['tftp: neither a request nor its answer']);
});

test.each<Direction>(['in', 'unknown'])(
  'a recording that does not say which way is read too: %s',
  (direction) => {
    expect(observe(ask('a', { direction })).said).toHaveLength(1);
  },
);

test('a flood of requests is shed and counted', () => {
  const { said, counts } = observe(...Array.from({ length: 5_000 }, (_, index) => ask(String(index))));
  expect(said).toHaveLength(4_000);
  expect(counts).toHaveLength(1_000);
});
