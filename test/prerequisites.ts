// Tests that need more than Node: where the machine lacks something they are reported as skipped, never as passed.
import { describe } from '@jest/globals';
import { missingPrerequisites, type Prerequisite } from './missing-prerequisites.ts';

/** As `describe`; where something is missing its tests are reported as skipped, and the name says why. */
export function describeWhere(needed: readonly Prerequisite[], name: string, tests: () => void): void {
  const missing = missingPrerequisites(needed);
  if (missing.length === 0) describe(name, tests);
  else describe.skip(`${name} [missing: ${missing.join(', ')}]`, tests);
}
