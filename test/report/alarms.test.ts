import { expect, test } from '@jest/globals';
import { createLogger } from '../../src/lib/logger.ts';
import type { Happening } from '../../src/model/happening.ts';
import { createAlarmBoard } from '../../src/report/alarms.ts';

test('an alarm is told when it is raised and when it is over, and not while it goes on', () => {
  const told: Happening[] = [];
  let time = 1_000;
  const board = createAlarmBoard({
    logger: createLogger('silent', 'test'),
    now: () => time,
    tell: (happening) => void told.push(happening),
  });
  board.raise('CAPTURE_DOWN', 'no packets', 'start tcpdump');
  time = 2_000;
  board.raise('CAPTURE_DOWN', 'no packets for long', 'start tcpdump');
  board.clear('CAPTURE_DOWN');
  board.clear('CAPTURE_DOWN');
  const alarm = { code: 'CAPTURE_DOWN', hint: 'start tcpdump', since: 1_000 };
  expect(told).toEqual([
    { kind: 'alarm', time: 1_000, isOver: false, alarm: { ...alarm, message: 'no packets' } },
    { kind: 'alarm', time: 2_000, isOver: true, alarm: { ...alarm, message: 'no packets for long' } },
  ]);
});
