import { describe, expect, test } from '@jest/globals';
import { scannerSignature } from '../../src/detect/scanner-signature.ts';
import type { Detection } from '../../src/model/detection.ts';
import type { Observation } from '../../src/model/observation.ts';
import { failure, probe, proven, scan, success } from '../observations.ts';
import { detectorContext } from './context.ts';

const create = (options: object = {}) =>
  scannerSignature.create(scannerSignature.options.parse(options), detectorContext());

describe('a strong signature', () => {
  test('is an attack at the first request', () => {
    expect(create().observe(scan())).toMatchObject({
      attack: 'scanner-signature',
      proof: 'asserted',
      messages: 1,
    });
  });

  test('is proven when that very request proved its address', () => {
    expect(create().observe(scan({ proof: proven() }))?.proof).toBe('proven');
  });

  test('that is switched off for its source finds nothing', () => {
    expect(create({ off: ['friendly-scanner*'] }).observe(scan())).toBeUndefined();
    expect(create({ off: ['*'] }).observe(scan())).toBeUndefined();
    expect(create({ off: ['*'], user_agents: ['friendly-scanner*'] }).observe(scan())).toBeDefined();
  });

  test('counts what one observation stands for', () => {
    const { observe } = create();
    observe(scan());
    expect(observe(scan({ messages: 40, time: 1_000_100 }))?.messages).toBe(41);
  });
});

describe('a weak signature', () => {
  const second = 1_000;
  const weak = (time: number, some: Partial<Parameters<typeof scan>[0]> = {}) =>
    scan({ confidence: 'score', signature: 'sipsak', value: 'sipsak 0.9', time, ...some });
  const probes = (count: number, from = 0, some: object = {}) =>
    Array.from({ length: count }, (_, index) => probe('100', { time: from + index * second, ...some }));
  const findings = (observations: readonly Observation[], options = {}): readonly Detection[] => {
    const { observe } = create(options);
    return observations.flatMap((observation) => observe(observation) ?? []);
  };

  test('is never an attack by itself, however often and in however many fields it is seen', () => {
    const many = Array.from({ length: 5_000 }, (_, index) =>
      weak(index, { signature: `s${index % 50}`, messages: 100, proof: proven(index) }),
    );
    expect(findings(many)).toEqual([]);
  });

  test('is an attack together with more requests that never authenticate than are forgiven', () => {
    expect(findings([weak(0), ...probes(20)])).toEqual([]);
    expect(findings([weak(0), ...probes(21)])).toMatchObject([
      {
        attack: 'scanner-signature',
        proof: 'asserted',
        evidence: { counted: { count: 21, limit: 20 }, values: ['sipsak 0.9'] },
      },
    ]);
  });

  test('counts whether it comes first or last', () => {
    expect(findings([...probes(21), weak(20 * second)])).toHaveLength(1);
  });

  test('requests without one are left to other detectors', () => {
    expect(findings(probes(500))).toEqual([]);
  });

  test('does not count beside requests of long ago, nor these beside it', () => {
    expect(findings([...probes(21), weak(700 * second)])).toEqual([]);
    expect(findings([weak(0), ...probes(21, 700 * second)])).toEqual([]);
  });

  test('does not count beside the requests of a phone that authenticates', () => {
    expect(findings([success({ time: 0 }), weak(0), ...probes(40)])).toEqual([]);
  });

  test('does not make a phone with a wrong password a scanner', () => {
    const wrong = Array.from({ length: 40 }, (_, index) => failure({ time: index * second }));
    expect(findings([weak(0), ...wrong])).toEqual([]);
  });

  test('is proven where it and the requests are, each by itself', () => {
    const sure = { proof: proven(0) };
    const proofs = (match: object, requests: object) =>
      findings([weak(0, match), ...probes(21, 0, requests)]).map(({ proof }) => proof);
    expect(proofs(sure, sure)).toEqual(['proven']);
    expect(proofs({}, sure)).toEqual(['asserted']);
    expect(proofs(sure, {})).toEqual(['asserted']);
  });

  test('and the requests beside it are forgotten when an administrator lets the source in', () => {
    const { observe, forget } = create();
    for (const observation of [weak(0), ...probes(20)]) observe(observation);
    forget('203.0.113.66');
    for (const observation of [weak(21 * second), ...probes(20, 22 * second)])
      expect(observe(observation)).toBeUndefined();
  });

  test('forgives as many as the option says', () => {
    expect(findings([weak(0), ...probes(3)], { score_probe_count: 2 })).toHaveLength(1);
  });
});
