import { describe, expect, test } from '@jest/globals';
import { unauthenticatedProbing } from '../../src/detect/unauthenticated-probing.ts';
import type { Observation } from '../../src/model/observation.ts';
import { probe, success } from '../observations.ts';
import { detectorContext } from './context.ts';

const start = 1_700_000_000_000;
const options = unauthenticatedProbing.options.parse({});

function feed(observations: readonly Observation[]) {
  const { observe } = unauthenticatedProbing.create(options, detectorContext());
  return observations.map(observe).filter((detection) => detection !== undefined);
}
const probes = (count: number, everyMs: number, some: Parameters<typeof probe>[1] = {}) =>
  Array.from({ length: count }, (_, index) => probe('100', { time: start + index * everyMs, ...some }));

describe('unauthenticated-probing', () => {
  test('forgives probe_count requests of one account within an hour, and finds the next one', () => {
    expect(feed(probes(50, 1_000))).toHaveLength(0);
    expect(feed(probes(51, 1_000))).toMatchObject([{ source: '203.0.113.66', proof: 'asserted' }]);
  });

  test('finds who asks every ten minutes for a day', () => {
    expect(feed(probes(100, 600_000))).toHaveLength(0);
    expect(feed(probes(101, 600_000))).toHaveLength(1);
  });

  test('counts what one observation stands for', () => {
    expect(feed(probes(2, 1_000, { messages: 26 }))).toHaveLength(1);
  });

  test('is not about a phone that registers and keeps itself alive without credentials', () => {
    const keptAlive = probes(200, 2_000, { because: 'unanswered-challenge' });
    expect(feed([success({ time: start - 1 }), ...keptAlive])).toHaveLength(0);
    expect(feed([success({ time: start - 1, account: '101' }), ...keptAlive])).not.toHaveLength(0);
  });

  test('counts a /48 as one source where somebody is patient', () => {
    const rotating = probes(101, 600_000).map((one, index) => ({
      ...one,
      source: { address: `2001:db8:7:${index + 1}::1`, port: 5_060 },
    }));
    expect(feed(rotating).map(({ source }) => source)).toEqual(['2001:db8:7::/48']);
  });
});
