// The story of a source that `sipwarden explain` tells.
import { describe, expect, test } from '@jest/globals';
import { timelineOf } from '../src/timeline.ts';
import { hour, minute, second, shield, start } from './flow.ts';
import { attack, decision } from './store/samples.ts';

/** Without a proof, so that each test names what it is about. */
const begun = (firstTime: number, lastTime: number) => {
  const one = attack('a', { firstTime, lastTime });
  return { ...one, evidence: { ...one.evidence, proofs: [] } };
};

const nothing = { attacks: [], history: [], lists: [], shield: [], now: start + hour };
const story = (happened: Partial<Parameters<typeof timelineOf>[0]>) =>
  timelineOf({ ...nothing, ...happened }).map(({ time, what }) => [time - start, what]);

describe('the timeline of a source', () => {
  test('tells an attack from its first to its last message, and when it proved its address', () => {
    const proof = {
      by: 'nonce-echo',
      seenBy: 'packets',
      messages: 9,
      firstTime: start + second,
      lastTime: start,
    } as const;
    const one = begun(start, start + minute);
    const attacks = [{ ...one, evidence: { ...one.evidence, proofs: [proof] } }];
    expect(story({ attacks })).toEqual([
      [0, 'attack'],
      [second, 'proof'],
      [minute, 'quiet'],
    ]);
  });

  test('tells a ban and its end, once that has come', () => {
    const history = [decision('d', { time: start, until: start + minute })];
    expect(story({ history, now: start + second })).toEqual([[0, 'ban']]);
    expect(story({ history })).toEqual([
      [0, 'ban'],
      [minute, 'end'],
    ]);
  });

  test('tells who ended a ban before its time, and not that it ran out', () => {
    const ended = { time: start + second, by: 'anna' };
    const history = [{ ...decision('d', { time: start, until: start + minute }), ended }];
    expect(timelineOf({ ...nothing, history }).at(-1)).toEqual({
      time: start + second,
      what: 'end',
      detail: 'ban ended by anna',
    });
  });

  test('says of what was only observed that it was not done', () => {
    const history = [decision('d', { time: start, until: start + 2 * hour, enforced: false })];
    expect(timelineOf({ ...nothing, history })[0]?.detail).toMatch(/\(observed, not done\)$/);
  });

  test('has all of it in the order in which it happened', () => {
    const lists = [
      { list: 'allow', target: '203.0.113.66', note: '', author: 'anna', time: start + 2 * second },
    ] as const;
    const history = [decision('d', { time: start + second, until: start + 2 * hour })];
    const attacks = [begun(start, start + 3 * second)];
    expect(story({ lists, history, attacks, shield: [{ ...shield(), since: start + 4 * second }] })).toEqual([
      [0, 'attack'],
      [second, 'ban'],
      [2 * second, 'allow'],
      [3 * second, 'quiet'],
      [4 * second, 'shield'],
    ]);
  });
});
