import { describe, expect, test } from '@jest/globals';
import { createMirrorSilence } from '../../src/sense/hep-silence.ts';
import { failure, malformed, managementFailure, success } from '../observations.ts';

function watch() {
  const said: string[] = [];
  let time = 0;
  const silence = createMirrorSilence({
    now: () => time,
    onSilent: () => said.push('silent'),
    onHeard: () => said.push('heard'),
  });
  return {
    said,
    silence,
    at(seconds: number) {
      time = seconds * 1_000;
    },
  };
}
const answers = [failure(), success(), failure()];

describe('a PBX that mirrors nothing', () => {
  test('is noticed by what other sensors see it answer', () => {
    const { said, silence, at } = watch();
    silence.heard();
    at(40);
    silence.witness(answers.slice(0, 2));
    expect(said).toEqual([]);
    silence.witness(answers);
    silence.witness(answers);
    expect(said).toEqual(['silent']);
  });

  test('is noticed where it never mirrored anything', () => {
    const { said, silence, at } = watch();
    at(31);
    silence.witness(answers);
    expect(said).toEqual(['silent']);
    expect(silence.lastHeard()).toBeUndefined();
  });

  test('is heard again with the first message', () => {
    const { said, silence, at } = watch();
    at(31);
    silence.witness(answers);
    silence.heard();
    silence.heard();
    expect(said).toEqual(['silent', 'heard']);
    expect(silence.lastHeard()).toBe(31_000);
  });

  test('is none while messages come, nor for some seconds after', () => {
    const { said, silence, at } = watch();
    for (let second = 0; second < 300; second += 25) {
      at(second);
      silence.witness(answers);
      silence.heard();
    }
    expect(said).toEqual([]);
  });

  test('is none where nobody calls, or where nobody was answered', () => {
    const { said, silence, at } = watch();
    at(3_600);
    silence.witness([malformed(), malformed(), managementFailure(), malformed()]);
    expect(said).toEqual([]);
  });
});
