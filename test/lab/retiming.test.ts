// Exchanges that were made quickly are moved apart, and keep what they are.
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { createPcapReader } from '../../src/capture/pcap-reader.ts';
import { movedApart, retimeAmi, retimeCapture } from './retiming.ts';

const recording = 'fixtures/scenarios/malformed-sip-30/input.pcap';

test('each begins a step after the one before, and what belongs to it keeps its distance', () => {
  const retime = movedApart([1_000, 1_100, 1_250], [60_000, 5_000]);
  expect([900, 1_000, 1_050, 1_100, 1_249, 1_250, 1_260].map(retime)).toEqual([
    900, 1_000, 1_050, 61_000, 61_149, 66_000, 66_010,
  ]);
});

test('nothing of a capture is changed but the time of its packets', () => {
  const read = (capture: Buffer) => {
    const packets: { time: number; data: string }[] = [];
    const reader = createPcapReader({
      onPacket: ({ time, data }) => void packets.push({ time, data: data.toString('hex') }),
      onDiscard: (reason) => {
        throw new Error(reason);
      },
    });
    reader.push(capture);
    return packets;
  };
  const before = read(readFileSync(recording));
  const after = read(retimeCapture(readFileSync(recording), (time) => time + 90_061_000));
  expect(after.map(({ data }) => data)).toEqual(before.map(({ data }) => data));
  for (const [index, { time }] of after.entries())
    expect(time).toBeCloseTo(before[index]!.time + 90_061_000, 2);
});

test('nothing of events is changed but when they happened', () => {
  const text =
    'Event: X\r\nEventTV: 2026-11-24T13:15:55.869+0000\r\nSessionTV: 1970-01-01T00:00:00.000+0000\r\n';
  expect(retimeAmi(text, (time) => time + 1_000)).toBe(text.replace('55.869', '56.869'));
});
