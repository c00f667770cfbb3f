// Says which tests this machine cannot run, and what would let it.
import { missingPrerequisites, prerequisites } from '../test/missing-prerequisites.ts';

for (const missing of missingPrerequisites(prerequisites)) {
  process.stdout.write(`sipwarden: tests will be skipped for want of ${missing}\n`);
}
