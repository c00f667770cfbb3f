import { describe, expect, test } from '@jest/globals';
import { scannerSignature } from '../../src/detect/scanner-signature.ts';
import { proven, scan } from '../observations.ts';
import { detectorContext } from './context.ts';

const create = () => scannerSignature.create(scannerSignature.options.parse({}), detectorContext());

describe('scanner-signature', () => {
  test('finds a scanner at its first request', () => {
    expect(create().observe(scan())).toMatchObject({
      attack: 'scanner-signature',
      proof: 'asserted',
      messages: 1,
    });
  });

  test('is proven when that very request proved its address', () => {
    expect(create().observe(scan({ proof: proven() }))?.proof).toBe('proven');
  });

  test('counts what one observation stands for', () => {
    const { observe } = create();
    observe(scan());
    expect(observe(scan({ messages: 40, time: 1_000_100 }))?.messages).toBe(41);
  });
});
