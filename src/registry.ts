// Every detector, one line each. Adding one = one file, one test, one line here.
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { dialPrefixProbing } from './detect/dial-prefix-probing.ts';
import { distributedBruteforce } from './detect/distributed-bruteforce.ts';
import { extensionEnumeration } from './detect/extension-enumeration.ts';
import { inviteFlood } from './detect/invite-flood.ts';
import { registrationBruteforce } from './detect/registration-bruteforce.ts';
import { scannerSignature } from './detect/scanner-signature.ts';
import { tftpBruteforce } from './detect/tftp-bruteforce.ts';
import { unauthenticatedProbing } from './detect/unauthenticated-probing.ts';
import type { Detector, DetectorContext, DetectorDefinition } from './model/detection.ts';
import type { ObservationKind } from './model/observation.ts';

export const detectors = [
  scannerSignature,
  registrationBruteforce,
  extensionEnumeration,
  unauthenticatedProbing,
  distributedBruteforce,
  dialPrefixProbing,
  inviteFlood,
  tftpBruteforce,
] as const;

type Registered = (typeof detectors)[number];
/** The options of every detector, under its name. */
export type DetectOptions = { [Each in Registered as Each['name']]: z.infer<Each['options']> };

export interface ActiveDetector {
  readonly name: string;
  readonly watches: readonly ObservationKind[];
  readonly detector: Detector;
}

/** Makes the detectors; of those that ran `before`, the ones whose options did not change go on with what they counted. */
export function createDetectors(
  options: DetectOptions,
  context: DetectorContext,
  before?: { readonly options: DetectOptions; readonly detectors: readonly ActiveDetector[] },
): readonly ActiveDetector[] {
  return detectors.map((definition: DetectorDefinition): ActiveDetector => {
    const name = definition.name as Registered['name'];
    const running = before?.detectors.find((active) => active.name === name);
    if (running && isDeepStrictEqual(options[name], before?.options[name])) return running;
    return { name, watches: definition.watches, detector: definition.create(options[name], context) };
  });
}
