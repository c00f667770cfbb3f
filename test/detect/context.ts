// What every detector is given in its test.
import { createFadedCounts } from '../../src/detect/faded-counts.ts';
import { sourceOf } from '../../src/model/address.ts';
import type { DetectorContext } from '../../src/model/detection.ts';
import type { Geography } from '../../src/model/geography.ts';
import { nowhere } from '../geographies.ts';

export function detectorContext(geography: Geography = nowhere): DetectorContext {
  return {
    geography,
    sourceOf: (address) => sourceOf(address),
    networkOf: (address) => sourceOf(address, 48),
    faded: createFadedCounts(7, 1_024),
  };
}
