import { expect, test } from '@jest/globals';
import { malformedSip } from '../../src/detect/malformed-sip.ts';
import { malformed } from '../observations.ts';
import { detectorContext } from './context.ts';

const start = 1_000_000;
const make = () => malformedSip.create({ malformed_count: 30, monit_period: 60_000 }, detectorContext());
const connection = { level: 'proven', by: 'connection', seenBy: 'packets', time: start } as const;

test('malformed-sip finds a fuzzer, and says what was wrong', () => {
  const { observe } = make();
  expect(observe(malformed({ time: start, messages: 30 }))).toBeUndefined();
  expect(observe(malformed({ time: start + 100, problem: 'missing-header' }))).toMatchObject({
    attack: 'malformed-sip',
    proof: 'asserted',
    messages: 31,
    evidence: { values: ['not-sip', 'missing-header'] },
  });
});

test('malformed-sip proves what came over a connection', () => {
  const found = make().observe(malformed({ transport: 'tcp', proof: connection, messages: 31 }));
  expect(found).toMatchObject({ proof: 'proven' });
});

test('malformed-sip forgives a broken phone that sends one bad packet with each keep-alive', () => {
  const { observe } = make();
  const found = Array.from({ length: 1_000 }, (_, index) =>
    observe(malformed({ time: start + index * 15_000 })),
  );
  expect(found.filter(Boolean)).toEqual([]);
});
