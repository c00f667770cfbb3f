import { describe, expect, test } from '@jest/globals';
import { createFadedCounts } from '../../src/detect/faded-counts.ts';
import { registrationBruteforce } from '../../src/detect/registration-bruteforce.ts';
import { failure, proven } from '../observations.ts';
import { detectorContext } from './context.ts';

const start = 1_700_000_000_000;
const faded = (count: number, lastTime = start) => ({ count, firstTime: start - 1_000, lastTime });

describe('what is left of a source', () => {
  test('comes back once, as it was put', () => {
    const counts = createFadedCounts(1);
    counts.put('a 192.0.2.1', faded(3));
    expect(counts.take('a 192.0.2.2')).toBeUndefined();
    expect(counts.take('a 192.0.2.1')).toEqual(faded(3));
    expect(counts.take('a 192.0.2.1')).toBeUndefined();
  });

  test('stays, where it came more often, whatever number of others come once', () => {
    const counts = createFadedCounts(1, 256);
    const regulars = Array.from({ length: 200 }, (_, index) => `regular ${index}`);
    for (const regular of regulars) counts.put(regular, faded(2));
    for (let index = 0; index < 100_000; index += 1) counts.put(`once ${index}`, faded(1, start + 60_000));
    expect(regulars.filter((regular) => counts.take(regular) !== undefined)).toHaveLength(200);
  });

  test('is worth nothing after a day', () => {
    const counts = createFadedCounts(1, 1);
    for (let index = 0; index < 8; index += 1) counts.put(`old ${index}`, faded(50));
    const late = start + 2 * 86_400_000;
    for (let index = 0; index < 8; index += 1) counts.put(`new ${index}`, faded(1, late));
    expect(counts.take('old 3')).toBeUndefined();
    expect(counts.take('new 3')).toMatchObject({ count: 1 });
  });
});

describe('under a flood of forged sources', () => {
  const options = registrationBruteforce.options.parse({ hit_count: 10, monit_period: '1h' });
  const forged = (index: number) => `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;

  test.each([
    ['one that could be forged too', {}],
    ['one that proved itself', { proof: proven(start) }],
  ])('a slow attacker is found: %s', (_what, evidence) => {
    const { observe } = registrationBruteforce.create(options, detectorContext());
    let found: unknown;
    let flood = 0;
    let tries = 0;
    // Once every two minutes, between 5,000 others.
    while (!found && tries < 13) {
      const time = start + tries * 120_000;
      found = observe(failure({ time, ...evidence }));
      tries += 1;
      for (let index = 0; index < 5_000; index += 1, flood += 1) {
        observe(failure({ time: time + index, source: { address: forged(flood), port: 5_060 } }));
      }
    }
    expect(found).toMatchObject({ attack: 'registration-bruteforce' });
    // What comes once may be lost once or twice.
    expect(tries).toBeLessThanOrEqual(13);
  });
});
