// Every detector, one line each. Adding one = one file, one test, one line here.
import type { z } from 'zod';
import { answerDiverted } from './detect/answer-diverted.ts';
import { canary } from './detect/canary.ts';
import { compromisedAccount } from './detect/compromised-account.ts';
import { dialPrefixProbing } from './detect/dial-prefix-probing.ts';
import { distributedBruteforce } from './detect/distributed-bruteforce.ts';
import { extensionEnumeration } from './detect/extension-enumeration.ts';
import { inviteFlood } from './detect/invite-flood.ts';
import { malformedSip } from './detect/malformed-sip.ts';
import { managementBruteforce } from './detect/management-bruteforce.ts';
import { packetFlood } from './detect/packet-flood.ts';
import { provisioningLeak } from './detect/provisioning-leak.ts';
import { registrationBruteforce } from './detect/registration-bruteforce.ts';
import { reportedAbuse } from './detect/reported-abuse.ts';
import { scannerSignature } from './detect/scanner-signature.ts';
import { tamperedEvent } from './detect/tampered-event.ts';
import { tftpBruteforce } from './detect/tftp-bruteforce.ts';
import { tftpEnumeration } from './detect/tftp-enumeration.ts';
import { unauthenticatedProbing } from './detect/unauthenticated-probing.ts';
import type { Network } from './model/address.ts';
import type { DetectorDefinition } from './model/detection.ts';

const detectors = [
  scannerSignature,
  registrationBruteforce,
  extensionEnumeration,
  unauthenticatedProbing,
  distributedBruteforce,
  dialPrefixProbing,
  compromisedAccount,
  inviteFlood,
  packetFlood,
  tftpBruteforce,
  tftpEnumeration,
  provisioningLeak,
  malformedSip,
  canary,
  managementBruteforce,
  reportedAbuse,
  answerDiverted,
  tamperedEvent,
] as const;

type Registered = (typeof detectors)[number];
export type DetectorName = Registered['name'];

export const detectorStates = ['enforce', 'observe', 'off'] as const;
export type DetectorState = (typeof detectorStates)[number];

/** The options of every detector, under its name. */
type OptionsByName = {
  [Each in Registered as Each['name']]: z.infer<Each['options']> & { readonly state: DetectorState };
};
export type DetectOptions = OptionsByName & {
  readonly override: readonly Override[];
};
type Override = { readonly sources: readonly Network[]; readonly victims: readonly Network[] } & {
  readonly [Name in DetectorName]?: Partial<OptionsByName[Name]>;
};

/** Every detector, as any other is. */
export const definitions: readonly (readonly [DetectorName, DetectorDefinition])[] = detectors.map(
  (definition) => [definition.name, definition as DetectorDefinition],
);
