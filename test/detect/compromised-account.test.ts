import { describe, expect, test } from '@jest/globals';
import { compromisedAccount } from '../../src/detect/compromised-account.ts';
import type { Observation } from '../../src/model/observation.ts';
import { failure, proven, success } from '../observations.ts';
import { detectorContext } from './context.ts';

const start = 1_700_000_000_000;
const hour = 3_600_000;

function feed(observations: readonly Observation[]) {
  const { observe } = compromisedAccount.create(compromisedAccount.options.parse({}), detectorContext());
  return observations.map(observe).filter((detection) => detection !== undefined);
}
const proof = proven(start);
const failures = (count: number, some: Parameters<typeof failure>[0] = {}, everyMs = 1_000) =>
  Array.from({ length: count }, (_, index) => failure({ time: start + index * everyMs, proof, ...some }));
const gotIn = (some: Parameters<typeof success>[0] = {}) => success({ time: start + 10_000, proof, ...some });

describe('compromised-account', () => {
  test('tells of a stranger who failed four times and then got in, and blocks nobody for it', () => {
    expect(feed([...failures(4), gotIn()])).toMatchObject([
      { attack: 'compromised-account', source: '203.0.113.66', isOnlyTold: true, isUrgent: true },
    ]);
  });

  test('forgives three failures: fingers slip', () => {
    expect(feed([...failures(3), gotIn()])).toHaveLength(0);
  });

  test('tells it once', () => {
    expect(feed([...failures(4), gotIn(), gotIn()])).toHaveLength(1);
  });

  test('believes neither forged failures nor a success that proves nothing', () => {
    const forged = { proof: { level: 'asserted' } } as const;
    expect(feed([...failures(40, forged), gotIn()])).toHaveLength(0);
    expect(feed([...failures(40), gotIn(forged)])).toHaveLength(0);
  });

  test('is not about whoever got in before', () => {
    expect(feed([gotIn({ time: start - hour }), ...failures(9), gotIn()])).toHaveLength(0);
  });

  test('is not about another account, or another source', () => {
    expect(feed([...failures(9), gotIn({ account: '101' })])).toHaveLength(0);
    expect(feed([...failures(9), gotIn({ source: { address: '203.0.113.7', port: 1 } })])).toHaveLength(0);
  });

  test('forgets failures of the day before', () => {
    expect(feed([...failures(4), gotIn({ time: start + 25 * hour })])).toHaveLength(0);
  });
});
