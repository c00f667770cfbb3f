// What every detector is given in its test.
import { createFadedCounts } from '../../src/detect/faded-counts.ts';
import { sourceOf } from '../../src/model/address.ts';
import type { DetectorContext } from '../../src/model/detection.ts';

export function detectorContext(): DetectorContext {
  return {
    sourceOf: (address) => sourceOf(address),
    networkOf: (address) => sourceOf(address, 48),
    faded: createFadedCounts(7, 1_024),
  };
}
