// What a person is told of others who change what is ours in the firewall.
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import { createForeignChanges, type ForeignChanges } from '../../src/enforce/foreign-changes.ts';
import { type AlarmBoard, createAlarmBoard } from '../../src/report/alarms.ts';

let changes: ForeignChanges;
let alarms: AlarmBoard;
let logged: { level: number; msg: string; code?: string }[];

beforeEach(() => {
  jest.useFakeTimers();
  logged = [];
  const logger = pino({}, { write: (line: string) => logged.push(JSON.parse(line)) });
  alarms = createAlarmBoard({ logger, now: () => 1_700_000_000_000 });
  changes = createForeignChanges({ alarms, logger });
});
afterEach(() => {
  changes.stop();
  jest.useRealTimers();
});

const changed = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `the chain ${name}`);

test('names what was missing and the cure, and how often it was', () => {
  changes.report(changed);
  changes.report(['the set sw-ban4']);
  expect(alarms.active()).toMatchObject([
    {
      code: 'FIREWALL_CHANGED_BY_OTHERS',
      message: expect.stringMatching(/2 times.*: the set sw-ban4$/),
      hint: expect.stringContaining('leave the table raw'),
    },
  ]);
  expect(changes.count()).toBe(2);
});

test('names the first few of very many', () => {
  changes.report(changed);
  expect(alarms.active()[0]?.message).toMatch(/the chain a, .*the chain d and 2 more$/);
});

test('logs every repair, and the alarm once until it has been quiet for ten minutes', () => {
  for (let repair = 0; repair < 5; repair += 1) {
    changes.report(changed);
    jest.advanceTimersByTime(599_000);
  }
  expect(alarms.active()).toHaveLength(1);
  jest.advanceTimersByTime(1_000);
  expect(alarms.active()).toEqual([]);
  expect(logged.filter(({ msg }) => msg === 'alarm raised')).toHaveLength(1);
  expect(logged.filter(({ msg }) => msg === 'alarm cleared')).toHaveLength(1);
  expect(logged.filter(({ msg }) => msg.startsWith('the firewall was changed'))).toHaveLength(5);
});

test('takes the alarm back when it is stopped', () => {
  changes.report(changed);
  changes.stop();
  expect(alarms.active()).toEqual([]);
});
