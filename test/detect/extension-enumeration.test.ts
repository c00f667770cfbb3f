import { describe, expect, test } from '@jest/globals';
import { extensionEnumeration } from '../../src/detect/extension-enumeration.ts';
import type { Observation } from '../../src/model/observation.ts';
import { failure, probe, proven, success } from '../observations.ts';
import { detectorContext } from './context.ts';

const start = 1_000_000;
function feed(observations: readonly Observation[]) {
  const options = { account_count: 5, monit_period: 120_000 };
  const { observe } = extensionEnumeration.create(options, detectorContext());
  return observations.map(observe).filter((detection) => detection !== undefined);
}
const probes = (count: number, some: Parameters<typeof probe>[1] = {}, everyMs = 20) =>
  Array.from({ length: count }, (_, index) =>
    probe(String(1000 + index), { time: start + index * everyMs, ...some }),
  );

describe('extension-enumeration', () => {
  test('forgives account_count accounts and finds the next one', () => {
    expect(feed(probes(5))).toHaveLength(0);
    expect(feed(probes(6))).toHaveLength(1);
  });

  test('does not mind one phone that tries its own deleted account for ever', () => {
    expect(
      feed(Array.from({ length: 500 }, (_, index) => probe('204', { time: start + index * 100 }))),
    ).toHaveLength(0);
  });

  test('joins the accounts that packets and AMI saw as a union', () => {
    expect(feed([...probes(5), ...probes(5, { sensor: 'ami' })])).toHaveLength(0);
    expect(
      feed([
        ...probes(3),
        probe('a', { sensor: 'ami', time: start }),
        probe('b', { sensor: 'ami', time: start }),
        probe('c', { sensor: 'ami', time: start }),
      ]),
    ).toHaveLength(1);
  });

  test('does not count an account that authenticated in the end', () => {
    const office = probes(10).flatMap((one) => [one, success({ account: one.account, time: one.time + 5 })]);
    expect(feed(office)).toHaveLength(0);
  });

  test('counts guesses at different accounts, but not the word that Asterisk has for none', () => {
    const guesses = probes(6).map(({ account, time }) => failure({ account, time }));
    expect(feed(guesses)).toHaveLength(1);
    expect(
      feed(guesses.map((one, index) => ({ ...one, account: '<unknown>', time: start + index }))),
    ).toHaveLength(0);
  });

  test('forgets accounts that are older than monit_period', () => {
    expect(feed(probes(40, {}, 24_001))).toHaveLength(0);
  });

  test('is proven only by proven probes', () => {
    expect(feed(probes(6))[0]?.proof).toBe('asserted');
    expect(feed(probes(6, { proof: proven(), transport: 'tcp' }))[0]?.proof).toBe('proven');
  });
});
