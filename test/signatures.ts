// Signatures as the tests need them.
import type { Signature } from '../src/model/signature.ts';

/** Strong ones of the User-Agent, each named as its pattern. */
export function agents(...patterns: readonly string[]): Signature[] {
  return patterns.map((pattern) => ({ name: pattern, field: 'user-agent', pattern, confidence: 'drop' }));
}
