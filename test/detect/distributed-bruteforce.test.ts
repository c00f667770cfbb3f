import { describe, expect, test } from '@jest/globals';
import { distributedBruteforce } from '../../src/detect/distributed-bruteforce.ts';
import type { Observation } from '../../src/model/observation.ts';
import { failure, proven, success } from '../observations.ts';
import { detectorContext } from './context.ts';

const start = 1_700_000_000_000;

function feed(observations: readonly Observation[]) {
  const { observe } = distributedBruteforce.create(
    distributedBruteforce.options.parse({}),
    detectorContext(),
  );
  return observations.map(observe).filter((detection) => detection !== undefined);
}
const from = (host: number, some: Parameters<typeof failure>[0] = {}) =>
  failure({
    time: start + host * 60_000,
    source: { address: `203.0.113.${host}`, port: 5_060 },
    proof: proven(start),
    ...some,
  });
const sources = (count: number, some: Parameters<typeof failure>[0] = {}) =>
  Array.from({ length: count }, (_, index) => from(index + 1, some));

describe('distributed-bruteforce', () => {
  test('forgives five sources that fail once at one account, and finds the sixth', () => {
    expect(feed(sources(5))).toHaveLength(0);
    expect(feed(sources(6))).toMatchObject([
      { source: '203.0.113.6', proof: 'proven', evidence: { counted: { count: 6 }, accounts: ['100'] } },
    ]);
  });

  test('names the sources', () => {
    expect(feed(sources(6))[0]?.evidence.values).toEqual(sources(6).map(({ source }) => source.address));
  });

  test('believes nothing that could be forged', () => {
    expect(feed(sources(200, { proof: { level: 'asserted' } }))).toHaveLength(0);
  });

  test('keeps accounts apart', () => {
    expect(
      feed(Array.from({ length: 50 }, (_, index) => from(index + 1, { account: `${index}` }))),
    ).toHaveLength(0);
  });

  test('forgets sources that failed longer ago than monit_period', () => {
    expect(feed(sources(40).map((one, index) => ({ ...one, time: start + index * 720_001 })))).toHaveLength(
      0,
    );
  });

  test('counts an owner with a new password as none of them', () => {
    const owners = sources(6).map(({ source, time }) => success({ source, time: time - 1 }));
    expect(feed([...owners, ...sources(6)])).toHaveLength(0);
  });

  test('counts a /48 as one source', () => {
    const one = (index: number) => ({ address: `2001:db8:7:${index}::1`, port: 5_060 });
    expect(feed(sources(30).map((each, index) => ({ ...each, source: one(index) })))).toHaveLength(0);
  });
});
