import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHepRecordingReader } from '../../src/capture/hep-recording.ts';
import { hepDatagram } from './hep-datagrams.ts';

function cut(...chunks: readonly Buffer[]) {
  const datagrams: string[] = [];
  const discarded: string[] = [];
  const reader = createHepRecordingReader({
    onDatagram: (bytes) => datagrams.push(bytes.toString('hex')),
    discard: (reason) => discarded.push(reason),
  });
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return { datagrams, discarded };
}
const three = ['one', 'two', 'three'].map((payload) => hepDatagram({ payload }));
const hex = three.map((bytes) => bytes.toString('hex'));

test('a recording is cut into its datagrams, in whatever pieces it is read', () => {
  const whole = Buffer.concat(three);
  fc.assert(
    fc.property(fc.array(fc.nat(whole.length), { maxLength: 5 }), (cuts) => {
      const ends = [...cuts.toSorted((one, other) => one - other), whole.length];
      const chunks = ends.map((end, index) => whole.subarray(ends[index - 1] ?? 0, end));
      expect(cut(...chunks)).toEqual({ datagrams: hex, discarded: [] });
    }),
  );
});

test('what stands between datagrams is read over and counted', () => {
  const { datagrams, discarded } = cut(Buffer.from('HEAP'), three[0]!, Buffer.from('\n\n'), three[1]!);
  expect(datagrams).toEqual(hex.slice(0, 2));
  expect(new Set(discarded)).toEqual(new Set(['hep: bytes between datagrams']));
});

test('the last datagram may be cut', () => {
  expect(cut(three[0]!, three[1]!.subarray(0, 50))).toEqual({
    datagrams: hex.slice(0, 1),
    discarded: ['hep: a datagram that is cut'],
  });
});

test('a datagram that says it is shorter than its header holds nobody up', () => {
  const short = Buffer.from(['H', 'E', 'P', '3'].map((letter) => letter.charCodeAt(0)).concat(0, 0));
  expect(cut(short, three[0]!).datagrams).toEqual([short.toString('hex'), hex[0]]);
});
