import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { registrationBruteforce } from '../../src/detect/registration-bruteforce.ts';
import type { Observation } from '../../src/model/observation.ts';
import { failure, proven } from '../observations.ts';
import { detectorContext } from './context.ts';

const start = 1_000_000;
const options = registrationBruteforce.options.parse({});
const detector = () => registrationBruteforce.create(options, detectorContext());

function feed(observations: readonly Observation[]) {
  const { observe } = detector();
  return observations.map(observe).filter((detection) => detection !== undefined);
}
const failures = (count: number, some: Parameters<typeof failure>[0] = {}, everyMs = 100) =>
  Array.from({ length: count }, (_, index) => failure({ time: start + index * everyMs, ...some }));

describe('registration-bruteforce', () => {
  test('forgives hit_count failures and finds the next one', () => {
    expect(feed(failures(10))).toHaveLength(0);
    expect(feed(failures(11))).toHaveLength(1);
  });

  test('forgets failures that are older than monit_period', () => {
    expect(feed(failures(30, {}, 60_001))).toHaveLength(0);
  });

  test('finds whoever guesses once in ten minutes for hours, and nobody below slow_hit_count', () => {
    expect(feed(failures(50, {}, 600_000))).toHaveLength(0);
    const [found] = feed(failures(51, {}, 600_000));
    expect(found?.evidence.counted).toMatchObject({ count: 51, limit: 50, withinMs: 86_400_000 });
  });

  test('counts a /48 as one source where somebody is patient', () => {
    const rotating = failures(51, {}, 600_000).map((one, index) => ({
      ...one,
      source: { address: `2001:db8:7:${index + 1}::1`, port: 5060 },
    }));
    expect(feed(rotating).map(({ source }) => source)).toEqual(['2001:db8:7::/48']);
  });

  test('is proven only when the proven failures alone exceed hit_count', () => {
    const mixed = [
      ...failures(6, { proof: proven() }),
      ...failures(5).map((one) => ({ ...one, time: one.time + 5_000 })),
    ];
    expect(feed(mixed).map(({ proof }) => proof)).toEqual(['asserted']);
    expect(feed(failures(11, { proof: proven() })).map(({ proof }) => proof)).toEqual(['proven']);
  });

  test('counts a guess that packets and AMI both saw once', () => {
    const both = failures(10).flatMap((one) => [one, { ...one, sensor: 'ami' as const, time: one.time + 1 }]);
    expect(feed(both)).toHaveLength(0);
  });

  test('adds the guesses of different transports', () => {
    const both = [...failures(6), ...failures(5, { transport: 'tls', sensor: 'ami' })];
    expect(feed(both)).toHaveLength(1);
  });

  test('counts one IPv6 network as one source', () => {
    const rotating = failures(11).map((one, index) => ({
      ...one,
      source: { address: `2001:db8::${index + 1}`, port: 5060 },
    }));
    const [detection] = feed(rotating);
    expect(detection?.source).toBe('2001:db8::/64');
  });

  test('keeps sources apart', () => {
    const many = failures(60).map((one, index) => ({
      ...one,
      source: { address: `203.0.113.${index % 6}`, port: 5060 },
    }));
    expect(feed(many)).toHaveLength(0);
  });

  test('tells what it counted, for whom, and by which sensors', () => {
    const [detection] = feed(failures(11, { account: '1005', callId: 'abc', proof: proven() }));
    expect(detection).toMatchObject({
      source: '203.0.113.66',
      messages: 11,
      victims: [{ address: '198.51.100.1', port: 5060 }],
    });
    expect(detection?.evidence).toMatchObject({
      counted: { count: 11, limit: 10, withinMs: 600_000 },
      sensors: { packets: 11 },
      accounts: ['1005'],
      callIds: ['abc'],
      proofs: [{ by: 'nonce-echo', seenBy: 'packets', messages: 11 }],
    });
  });

  test('starts afresh with a source that was forgotten', () => {
    const { observe, forget } = detector();
    for (const one of failures(11)) observe(one);
    forget('203.0.113.66');
    expect(observe(failure({ time: start + 5_000 }))).toBeUndefined();
  });

  test('comes to the same finding in whatever order the two sensors report', () => {
    const oneSource = fc.array(
      fc.record({ at: fc.integer({ min: 0, max: 900_000 }), isAmi: fc.boolean(), isProven: fc.boolean() }),
      {
        minLength: 5,
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(oneSource, (events) => {
        const sorted = events
          .toSorted((one, other) => one.at - other.at)
          .map(({ at, isAmi, isProven }) =>
            failure({
              time: start + at,
              sensor: isAmi ? 'ami' : 'packets',
              ...(isProven && { proof: proven() }),
            }),
          );
        const strongest = (order: readonly Observation[]) => {
          const levels = feed(order).map(({ proof }) => proof);
          return levels.includes('proven') ? 'proven' : levels[0];
        };
        const isInOneWindow = (sorted.at(-1)?.time ?? 0) - (sorted[0]?.time ?? 0) < options.monit_period;
        fc.pre(isInOneWindow);
        const lateAmi = [
          ...sorted.filter(({ sensor }) => sensor === 'packets'),
          ...sorted.filter(({ sensor }) => sensor === 'ami'),
        ];
        expect(strongest(lateAmi)).toBe(strongest(sorted));
      }),
    );
  });
});
