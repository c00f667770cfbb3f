import { expect, test } from '@jest/globals';
import { managementBruteforce } from '../../src/detect/management-bruteforce.ts';
import { run } from '../flow.ts';
import { managementFailure } from '../observations.ts';
import { detectorContext } from './context.ts';

const start = 1_000_000;
const make = () => managementBruteforce.create({ hit_count: 5, monit_period: 600_000 }, detectorContext());
const failures = (count: number, some: Parameters<typeof managementFailure>[0] = {}) =>
  Array.from({ length: count }, (_, index) => managementFailure({ time: start + index * 100, ...some }));

test('management-bruteforce forgives hit_count failed logins, and finds the next one, proven', () => {
  const found = failures(6).map(make().observe);
  expect(found.slice(0, 5)).toEqual(Array(5).fill(undefined));
  expect(found[5]).toMatchObject({
    attack: 'management-bruteforce',
    proof: 'proven',
    evidence: { accounts: ['admin'], values: ['AMI'] },
  });
});

test.each(['127.0.0.1', '::1'])(
  'management-bruteforce never speaks of this machine itself: %s',
  (address) => {
    const found = failures(50, { source: { address, port: 40_000 } }).map(make().observe);
    expect(found.filter(Boolean)).toEqual([]);
  },
);

test('somebody who guesses at the manager interface is banned, and no guess of his later says that the ban is passed', () => {
  const { pipeline, actions, passed } = run();
  pipeline.observe(failures(6));
  pipeline.observe(failures(6, { time: start + 60_000 }));
  expect(actions()).toEqual(['ban 203.0.113.66']);
  expect(passed).toEqual([]);
});
