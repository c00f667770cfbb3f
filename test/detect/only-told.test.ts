import { describe, expect, test } from '@jest/globals';
import { answerDiverted } from '../../src/detect/answer-diverted.ts';
import { tamperedEvent } from '../../src/detect/tampered-event.ts';
import { run } from '../flow.ts';
import { diversion, proven, tampering } from '../observations.ts';
import { detectorContext } from './context.ts';

describe.each([
  [answerDiverted, diversion],
  [tamperedEvent, tampering],
] as const)('%p', ({ name, create }, observation) => {
  test(`${name} is found at once, as something that is only told`, () => {
    expect(create({}, detectorContext()).observe(observation())).toMatchObject({
      attack: name,
      source: '203.0.113.66',
      isOnlyTold: true,
    });
  });

  test(`${name} blocks nobody, not even where it is proven, and leaves a record`, () => {
    const { pipeline, actions, attacks } = run();
    pipeline.observe([observation(), observation({ proof: proven() }), observation()]);
    expect(actions()).toEqual(['notice 203.0.113.66']);
    expect(attacks()).toMatchObject([{ attack: name, action: 'notice', messages: 3 }]);
  });
});

test('answer-diverted names the address that our answer went to', () => {
  const found = answerDiverted.create({}, detectorContext()).observe(diversion());
  expect(found?.evidence.values).toEqual(['203.0.113.99']);
});
