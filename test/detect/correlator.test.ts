import { describe, expect, test } from '@jest/globals';
import { createCorrelator } from '../../src/detect/correlator.ts';
import type { Observation } from '../../src/model/observation.ts';
import { attacker, failure, proven, success } from '../observations.ts';

function correlate() {
  const out: Observation[] = [];
  return { out, ...createCorrelator((observation) => out.push(observation)) };
}
const event = failure({ sensor: 'ami', nonce: 'n1' });
const echo = failure({ nonce: 'n1', proof: proven() });

describe('the correlator', () => {
  test('proves an AMI event whose nonce a sensor saw leave to that address', () => {
    const { accept, out } = correlate();
    accept(echo);
    accept(event);
    expect(out.map(({ sensor, proof }) => [sensor, proof.level])).toEqual([
      ['packets', 'proven'],
      ['ami', 'proven'],
    ]);
  });

  test('waits for a nonce that is seen later than the event', () => {
    const { accept, out } = correlate();
    accept(event);
    expect(out).toHaveLength(0);
    accept(echo);
    expect(out.every(({ proof }) => proof.level === 'proven')).toBe(true);
    expect(out).toHaveLength(2);
  });

  test('lets an event go as asserted when no nonce came within two seconds', () => {
    const { accept, advance, nextDeadline, out } = correlate();
    accept(event);
    expect(nextDeadline()).toBe(event.time + 2_000);
    advance(event.time + 1_999);
    expect(out).toHaveLength(0);
    advance(event.time + 2_000);
    expect(out.map(({ proof }) => proof.level)).toEqual(['asserted']);
    expect(nextDeadline()).toBeUndefined();
  });

  test('does not prove an event of another address by the same nonce', () => {
    const { accept, end, out } = correlate();
    accept(echo);
    accept({ ...event, source: { ...attacker, address: '203.0.113.67' } });
    end();
    expect(out.at(-1)?.proof.level).toBe('asserted');
  });

  describe('where our answer was 403, which may mean that the password was right', () => {
    const refusal = failure({ nonce: 'n1', proofIfWrong: proven() });
    const wrong = failure({ sensor: 'ami', nonce: 'n1', isWrongPassword: true });

    test.each([
      ['before', [refusal, wrong]],
      ['after', [wrong, refusal]],
    ] as const)(
      'proves an event of wrong passwords that comes %s it, and no other',
      (_when, observations) => {
        const { accept, end, out } = correlate();
        accept(observations[0]);
        accept(observations[1]);
        accept(event);
        end();
        const proofOf = (wanted: Observation) =>
          out.find(
            ({ kind, sensor, ...rest }) =>
              sensor === wanted.sensor && 'isWrongPassword' in rest === 'isWrongPassword' in wanted,
          )?.proof.level;
        expect([proofOf(wrong), proofOf(refusal), proofOf(event)]).toEqual([
          'proven',
          'asserted',
          'asserted',
        ]);
      },
    );

    test('takes the event for forged where the request proved nothing', () => {
      const { accept, out } = correlate();
      accept(wrong);
      accept(failure({ nonce: 'n1' }));
      expect(out.map(({ proof }) => proof.level)).toEqual(['asserted', 'asserted']);
    });
  });

  test('takes an event for forged whose nonce was judged so, without waiting', () => {
    const { accept, out } = correlate();
    accept(event);
    accept(failure({ nonce: 'n1' }));
    expect(out.map(({ sensor, proof }) => [sensor, proof.level])).toEqual([
      ['ami', 'asserted'],
      ['packets', 'asserted'],
    ]);
  });

  test('takes the latest judgement of a nonce: it may have gone elsewhere since', () => {
    const { accept, end, out } = correlate();
    accept(echo);
    accept(failure({ nonce: 'n1' }));
    accept(event);
    end();
    expect(out.at(-1)?.proof.level).toBe('asserted');
  });

  test('does not prove a failure by the nonce of a success: a Via may have had it sent to somebody else', () => {
    const { accept, end, out } = correlate();
    accept(success({ nonce: 'n1', proof: proven() }));
    accept(event);
    end();
    expect(out.at(-1)).toMatchObject({ kind: 'authentication-failed', proof: { level: 'asserted' } });
  });

  test('proves a success over UDP by the Call-ID of one that echoed our nonce', () => {
    const { accept, out } = correlate();
    accept(success({ callId: 'c1', nonce: 'n1', proof: proven() }));
    accept(success({ sensor: 'ami', callId: 'c1' }));
    expect(out.at(-1)).toMatchObject({ sensor: 'ami', proof: { level: 'proven' } });
  });

  test('holds a bounded number of events and lets the oldest go first', () => {
    const { accept, counters, out } = correlate();
    for (let index = 0; index < 12_000; index += 1) accept({ ...event, nonce: `n${index}` });
    expect(counters().held).toBeLessThanOrEqual(10_000);
    expect(out[0]).toMatchObject({ nonce: 'n0' });
  });
});
