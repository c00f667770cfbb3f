import { describe, expect, test } from '@jest/globals';
import { dialPrefixProbing } from '../../src/detect/dial-prefix-probing.ts';
import { splitNumber } from '../../src/detect/dialled-prefixes.ts';
import type { Observation } from '../../src/model/observation.ts';
import { call, success } from '../observations.ts';
import { detectorContext } from './context.ts';

const start = 1_700_000_000_000;
const day = 86_400_000;
const number = '441234567890';

function feed(observations: readonly Observation[]) {
  const { observe } = dialPrefixProbing.create(dialPrefixProbing.options.parse({}), detectorContext());
  return observations.map(observe).filter((detection) => detection !== undefined);
}
const walk = (prefixes: readonly string[], everyMs = 500, some: Parameters<typeof call>[1] = {}) =>
  prefixes.map((prefix, index) => call(`${prefix}${number}`, { time: start + index * everyMs, ...some }));

describe('a dialled number', () => {
  test.each([
    ['900441234567890', 9, { prefix: '900441', number: '234567890' }],
    ['+44 (1234) 567-890', 9, { prefix: '+441', number: '234567890' }],
    ['9*441234567890', 9, { prefix: '9*441', number: '234567890' }],
    ['234567890', 9, { prefix: '', number: '234567890' }],
  ])('%s is told apart', (dialled, digits, parts) => {
    expect(splitNumber(dialled, digits)).toEqual(parts);
  });

  test.each([
    '',
    '100',
    'alice',
    '12345678',
    `${'1'.repeat(41)}`,
    '12345678901234567890123',
    'x441234567890',
  ])('%j is none to look at', (dialled) => {
    expect(splitNumber(dialled, 9)).toBeUndefined();
  });
});

describe('dial-prefix-probing', () => {
  test('lets a number be dialled in three ways, and finds the fourth', () => {
    expect(feed(walk(['', '00', '+']))).toHaveLength(0);
    expect(feed(walk(['', '00', '+', '900']))).toMatchObject([
      { attack: 'dial-prefix-probing', source: '203.0.113.66', proof: 'asserted' },
    ]);
  });

  test('finds whoever tries one prefix a day', () => {
    expect(feed(walk(['', '00', '+', '900'], day))).toHaveLength(1);
    expect(feed(walk(['', '00', '+', '900'], 3 * day))).toHaveLength(0);
  });

  test('counts a way once however often it is dialled', () => {
    expect(feed(walk(Array.from({ length: 500 }, (_, index) => ['00', '+', ''][index % 3]!)))).toHaveLength(
      0,
    );
  });

  test('is not about a phone of ours, whatever it dials', () => {
    const prefixes = Array.from({ length: 40 }, (_, index) => `${index}`);
    expect(feed([success({ time: start - 1 }), ...walk(prefixes)])).toHaveLength(0);
    expect(feed([success({ time: start - 1, account: '101' }), ...walk(prefixes)])).not.toHaveLength(0);
  });

  test('is not about a trunk that calls many numbers, each once', () => {
    const calls = Array.from({ length: 1_000 }, (_, index) =>
      call(`+4930${1_000_000 + index * 7}`, { time: start + index * 100 }),
    );
    expect(feed(calls)).toHaveLength(0);
  });

  test('finds strangers who share the work', () => {
    const many = walk(Array.from({ length: 13 }, (_, index) => `9${index}`)).map((one, index) => ({
      ...one,
      source: { address: `203.0.113.${index + 1}`, port: 5_060 },
    }));
    expect(feed(many).map(({ source }) => source)).toEqual(['203.0.113.13']);
  });

  test('starts afresh with a source that is forgiven', () => {
    const { observe, forget } = dialPrefixProbing.create(
      dialPrefixProbing.options.parse({}),
      detectorContext(),
    );
    for (const each of walk(['', '00', '+', '900'])) observe(each);
    forget('203.0.113.66');
    expect(walk(['', '00', '+']).map(observe)).toEqual([undefined, undefined, undefined]);
  });
});
